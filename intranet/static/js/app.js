// The shell's behaviours. Every one of them improves something that already works as plain HTML.
import "./menus.js";
import "./boxes.js";
import "./theme.js";
import "./toasts.js";
import "./contents.js";
import "./fragments.js";
import "./steps.js";

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const places = ["main [data-steps]", ".topbar-search input", ".topbar-end [data-search]"];
  const search = places.map((place) => document.querySelector(place)).find((field) => field?.offsetParent);
  if (!search) return;
  event.preventDefault();
  search.focus();
});

document.addEventListener("click", (event) => {
  const copier = event.target.closest("[data-copies]");
  if (copier) navigator.clipboard?.writeText(document.getElementById(copier.dataset.copies).value);
  if (event.target.closest("[data-prints]")) window.print();
});

document.querySelector("main .error-summary")?.focus();
