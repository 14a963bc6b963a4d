// Placing a shift and selecting several: the server draws the board for it, Escape leaves, the focus goes on where it was.
import { openBox } from "../boxes.js";
import { CONTROL, visible } from "./board.js";

let left = null; // the shift whose placing is given up
const HINT = new WeakMap(); // what the note says while no grey cell is asked

const placing = () => document.getElementById("placing");

function goTo(id) {
  const place = id && document.getElementById(id);
  if (place?.offsetParent) (place.matches(CONTROL) ? place : place.querySelector(CONTROL))?.focus();
  if (!document.activeElement?.offsetParent) goToTop(); // nowhere, or still in the box that has just closed
}

// What was focused is gone, such as the button that publishes: the board begins at its heading.
function goToTop() {
  const top = visible("#roster-title, #day-title")[0] ?? document.getElementById("main");
  top?.focus({ preventScroll: true });
}

// A change went through: close the box it was made in, and go on at the shift, or at the cell that it left.
// A box gives the focus back to where it was opened from; that comes first.
function finish({ detail }) {
  const box = document.querySelector("#sheet[open], #publish[open]");
  if (!box) return goTo(detail.focus);
  box.addEventListener("close", () => goTo(detail.focus), { once: true });
  box.close();
}

document.addEventListener("box-done", finish);

// What was tried without the sheet and refused stands in the sheet.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const sheet = detail.target.closest?.("#sheet");
  if (!sheet || sheet.open || detail.xhr.status < 400) return;
  openBox(sheet, detail.requestConfig.elt);
  sheet.querySelector(".error-summary")?.focus();
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id !== "roster" || document.activeElement !== document.body) return;
  const back = left && visible(`#shift-${left}, #day-${left}`)[0];
  const first = placing() && (visible("[data-here]")[0] ?? visible(".cell-add[form=placing]")[0]);
  left = null;
  (back ?? first ?? visible("#mode-ends")[0])?.focus();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#mode-ends")) left = placing()?.dataset.placing ?? null;
});

// Before anybody else hears of it: Escape closes what is open on top first.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open], details.menu[open]")) return;
    document.getElementById("mode-ends")?.click();
  },
  true,
);

function explain({ target }) {
  const words = placing()?.querySelector("[data-why]");
  if (!words || !target.closest?.(".board, .day-view")) return;
  if (!HINT.has(words)) HINT.set(words, words.textContent);
  words.textContent = target.closest("[title]:is(.cell-why, .cell-add)")?.title || HINT.get(words);
}

document.addEventListener("focusin", explain);
document.addEventListener("pointerover", explain);
