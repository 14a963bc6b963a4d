// The board is one tab stop, not four hundred: arrow keys move between its cells.
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const CELL_CONTROLS = "tbody td :is(button, a[href], summary)";

const board = document.querySelector(".board");
const controls = () => [...board.querySelectorAll(CELL_CONTROLS)];

function makeStop(control) {
  for (const other of controls()) other.tabIndex = other === control ? 0 : -1;
}

function neighbour(cell, [down, across]) {
  const rows = [...board.querySelectorAll("tbody tr:not(.group, [hidden])")];
  let row = rows.indexOf(cell.parentElement);
  let column = cell.cellIndex;
  for (;;) {
    row += down;
    column += across;
    const next = rows[row]?.cells[column];
    if (!next) return null;
    const control = next.matches("td") && next.querySelector("button, a[href], summary");
    if (control) return control;
  }
}

// Inside a cell that holds several shifts, up and down visit each of them before leaving the cell.
function within(cell, control, [down]) {
  const all = [...cell.querySelectorAll("button, a[href], summary")];
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

function prepare() {
  const current = controls().find((control) => control.tabIndex === 0 && control.hasAttribute("tabindex"));
  makeStop(current ?? controls()[0]);
}

if (board) {
  prepare();
  document.addEventListener("htmx:afterSettle", prepare);
  board.addEventListener("focusin", ({ target }) => {
    if (target.matches(CELL_CONTROLS)) makeStop(target);
  });
  board.addEventListener("keydown", (event) => {
    const cell = event.target.closest("tbody td");
    const step = STEPS[event.key];
    if (!cell || !step) return;
    event.preventDefault();
    (within(cell, event.target, step) ?? neighbour(cell, step))?.focus();
  });
  board.addEventListener("click", (event) => {
    const button = event.target.closest(".group button[aria-expanded]");
    if (button) foldGroup(button);
  });
}
