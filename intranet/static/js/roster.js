// The board is one tab stop, not four hundred: arrow keys move between its cells. htmx may replace any part of it.
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const CONTROL = ":is(button, a[href], summary)";
const IN_CELL = `.board tbody td ${CONTROL}`;

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

// A change went through: close the box it was made in, and go on at the shift, or at the cell that it left.
function finish({ detail }) {
  document.querySelector("#sheet[open], #publish[open]")?.close();
  const place = detail.focus && document.getElementById(detail.focus);
  if (!place?.offsetParent) return;
  (place.matches(CONTROL) ? place : place.querySelector(CONTROL))?.focus();
}

prepare();
document.addEventListener("htmx:afterSettle", prepare);
document.addEventListener("box-done", finish);

document.addEventListener("focusin", ({ target }) => {
  if (target.matches(IN_CELL)) makeStop(target);
});

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest(".board tbody td");
  const step = STEPS[event.key];
  if (!cell || !step) return;
  event.preventDefault();
  (within(cell, event.target, step) ?? neighbour(cell, step))?.focus();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest(".board .group button[aria-expanded]");
  if (button) foldGroup(button);
});
