// Toasts say what has just happened. Good news leaves by itself unless somebody is reading it; the rest stays.
const region = document.getElementById("toasts");
const READING_TIME = 8000;
const AT_ONCE = 2;
const leavesAlone = (toast) => toast.dataset.tone !== "danger" && !toast.querySelector("a, button:not([data-dismiss])");

function leaveLater(toast) {
  if (!leavesAlone(toast)) return;
  const leave = () => {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, READING_TIME);
    else toast.remove();
  };
  setTimeout(leave, READING_TIME);
}

// More than two cover the page: the oldest that would leave anyway goes at once. Of those with a way back only the last stays.
function makeRoom() {
  for (const older of [...region.querySelectorAll(".toast:has([data-undoes])")].slice(0, -1)) older.remove();
  const toasts = [...region.querySelectorAll(".toast")];
  const leaving = toasts.filter((toast) => leavesAlone(toast) && !toast.matches(":hover, :focus-within"));
  for (const toast of leaving.slice(0, Math.max(0, toasts.length - AT_ONCE))) toast.remove();
}

document.addEventListener("click", (event) => {
  const toast = event.target.closest("[data-dismiss]")?.closest(".toast");
  if (!toast) return;
  toast.remove();
  document.getElementById("main")?.focus({ preventScroll: true });
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr.status && detail.xhr.status < 500) detail.elt.closest("[data-undoes]")?.closest(".toast").remove();
});

if (region) {
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node.matches?.(".toast")) leaveLater(node);
    makeRoom();
  }).observe(region, { childList: true });

  // Screen readers announce what enters the region, not what it held when the page came.
  const waiting = [...region.querySelectorAll(".toast")];
  region.replaceChildren();
  if (waiting.length) setTimeout(() => region.append(...waiting), 150);
}

export function say(tone, words, iconName) {
  if (!region) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.tone = tone;
  const text = document.createElement("p");
  text.className = "grow";
  text.textContent = words;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet icon-only small";
  close.setAttribute("data-dismiss", "");
  const label = document.createElement("span");
  label.className = "visually-hidden";
  label.textContent = "Dismiss";
  close.append(icon("x"), label);
  toast.append(icon(iconName), text, close);
  region.append(toast);
  return toast;
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  drawing.append(use);
  return drawing;
}
