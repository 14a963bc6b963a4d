// The search box of the top bar: results in a panel below it while one types. Arrow keys lead into them (steps.js).
const box = document.getElementById("quick");
const panel = document.getElementById("quick-results");
const bar = document.querySelector(".topbar");
const opener = document.querySelector(".topbar [data-search]");

if (box && panel) {
  const form = box.form;

  const close = () => {
    panel.hidden = true;
    bar.removeAttribute("data-searching");
  };

  box.addEventListener("input", () => {
    if (!box.value.trim()) panel.hidden = true;
  });
  panel.addEventListener("htmx:afterSwap", () => {
    panel.hidden = !box.value.trim() || !form.contains(document.activeElement);
  });

  // On a phone the box takes the place of the bar; without script the link leads to the search page.
  opener?.addEventListener("click", (event) => {
    event.preventDefault();
    bar.dataset.searching = "";
    box.focus();
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && box.value.trim()) panel.hidden = !panel.childElementCount;
    if (event.key !== "Escape") return;
    if (!panel.hidden) {
      panel.hidden = true;
      box.focus();
    } else if ("searching" in bar.dataset) {
      close();
      opener.focus();
    } else return;
    event.preventDefault();
  });
  form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !form.contains(event.relatedTarget)) close();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!form.contains(event.target)) close();
  });
}
