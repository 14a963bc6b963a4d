// The board is one tab stop, not four hundred: arrow keys move between its cells, and a letter does what the menu offers.
import { change, CHIP, CONTROL, IN_CELL, look, shiftOf } from "./board.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const DEEDS = {
  m: (chip) => look({ place: shiftOf(chip), how: "move" }),
  c: (chip) => look({ place: shiftOf(chip), how: "copy" }),
  delete: (chip) => change(chip, "delete"),
};

const controls = () => [...document.querySelectorAll(IN_CELL)];

function makeStop(control) {
  for (const other of controls()) other.tabIndex = other === control ? 0 : -1;
}

function prepare() {
  const all = controls();
  makeStop(all.find((control) => control.getAttribute("tabindex") === "0") ?? all[0]);
}

function neighbour(cell, [down, across]) {
  const rows = [...cell.closest("table").querySelectorAll("tbody tr:not(.group, [hidden])")];
  let row = rows.indexOf(cell.parentElement);
  let column = cell.cellIndex;
  for (;;) {
    row += down;
    column += across;
    const next = rows[row]?.cells[column];
    if (!next) return null;
    const control = next.matches("td") && next.querySelector(CONTROL);
    if (control) return control;
  }
}

// Inside a cell that holds several shifts, up and down visit each of them before leaving the cell.
function within(cell, control, [down]) {
  const all = [...cell.querySelectorAll(CONTROL)];
  return down ? all[all.indexOf(control) + down] : null;
}

function foldGroup(button) {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  let row = button.closest("tr").nextElementSibling;
  while (row && !row.classList.contains("group")) {
    row.hidden = !open;
    row = row.nextElementSibling;
  }
}

prepare();
document.addEventListener("htmx:afterSettle", prepare);

document.addEventListener("focusin", ({ target }) => {
  if (target.matches(IN_CELL)) makeStop(target);
});

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest(".board tbody td");
  if (!cell || event.altKey || event.ctrlKey || event.metaKey) return;
  const step = STEPS[event.key];
  const deed = event.target.matches(CHIP) && DEEDS[event.key.toLowerCase()];
  if (!step && !deed) return;
  event.preventDefault();
  if (deed) deed(event.target);
  else (within(cell, event.target, step) ?? neighbour(cell, step))?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const button = [...document.querySelectorAll("[data-undoes] button")].at(-1);
  if (!button) return;
  event.preventDefault();
  button.click();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest(".board .group button[aria-expanded]");
  if (button) foldGroup(button);
});
