// Arrow keys lead from a search field through its results and back: down to the first, up and down between them.
function linksOf(field) {
  return [...document.querySelectorAll(field.dataset.steps)];
}

document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const field = event.target.closest("[data-steps]");
  const list = event.target.closest("[data-steps-back]");
  if (field && event.key === "ArrowDown") return step(event, linksOf(field)[0]);
  if (!list || !event.target.closest("a")) return;
  const back = document.getElementById(list.dataset.stepsBack);
  const links = linksOf(back);
  const place = links.indexOf(event.target.closest("a"));
  if (place < 0) return;
  step(event, event.key === "ArrowDown" ? links[place + 1] : (links[place - 1] ?? back));
});

function step(event, to) {
  if (!to) return;
  event.preventDefault();
  to.focus();
}
