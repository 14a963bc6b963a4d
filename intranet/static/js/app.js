// The shell's behaviours. Every one of them improves something that already works as plain HTML.
import "./menus.js";
import "./boxes.js";
import "./theme.js";
import "./toasts.js";
import "./contents.js";
import "./fragments.js";
import "./limits.js";
import "./steps.js";
import "./quick.js";
import "./inbox.js";
import "./tabs.js";

document.documentElement.setAttribute("data-scripted", ""); // from here on buttons that only a script can answer show

// The page that searches everything has its own box; everywhere else it is the one of the top bar, behind a button on a phone.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  const places = ["#search input[type=search]", "#quick", ".topbar [data-search]"];
  const search = places.map((place) => document.querySelector(place)).find((field) => field?.offsetParent);
  const field = event.target.closest("input, textarea, select, [contenteditable]");
  if (!search || (field && (field !== search || field.value))) return;
  event.preventDefault();
  if (search.matches("a")) search.click();
  else search.focus();
});

document.addEventListener("click", (event) => {
  const copier = event.target.closest("[data-copies]");
  if (copier) navigator.clipboard?.writeText(document.getElementById(copier.dataset.copies).value);
  if (event.target.closest("[data-prints]")) window.print();
});

document.querySelector("main .error-summary")?.focus();
