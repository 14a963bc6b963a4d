// What the parts of the board share: its cells, its chips, and asking the server about them.
export const CONTROL = ":is(button, a[href], summary, input)";
export const IN_CELL = `.board tbody td ${CONTROL}`;
export const CHIP = "a.shift[data-version]";

export const shiftOf = (chip) => chip.id.replace(/^(shift|day)-/, "");

// The cell says of itself whose day it is: cell-12-2026-12-09, cell-open-2026-12-09.
export function placeOf(cell) {
  const found = /^cell-(open|\d+)-(\d{4}-\d\d-\d\d)$/.exec(cell?.id ?? "");
  return found && { to: `${found[1]}:${found[2]}` };
}

export function visible(selector) {
  return [...document.querySelectorAll(selector)].filter((element) => element.offsetParent);
}

// Change a shift without its form. A refusal comes as the form, with what was tried, and opens the sheet.
export function change(chip, action, values) {
  const answer = { source: chip, target: "#sheet-content", swap: "innerHTML" };
  return window.htmx.ajax("POST", `${chip.getAttribute("href")}${action}/`, {
    ...answer,
    values: { version: chip.dataset.version, ...values },
  });
}

// The same board, looked at in another way.
export function look(choices) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(choices)) address.searchParams.set(name, value);
  const path = `${address.pathname}${address.search}`;
  return window.htmx.ajax("GET", path, { target: "#roster", select: "#roster", swap: "outerHTML", push: path });
}
