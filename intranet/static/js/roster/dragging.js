// A chip that is dragged to another cell moves there; with Ctrl or Alt held, another one like it is made.
import { change, CHIP, placeOf } from "./board.js";

let dragged = null; // { chip, cell }
let over = null;

const copies = (event) => event.ctrlKey || event.altKey;

function mark(cell) {
  over?.removeAttribute("data-over");
  over = cell;
  over?.setAttribute("data-over", "");
}

document.addEventListener("dragstart", (event) => {
  const chip = event.target.closest?.(`.board ${CHIP}`);
  if (!chip) return;
  dragged = { chip, cell: chip.closest("td") };
  event.dataTransfer.effectAllowed = "copyMove";
  event.dataTransfer.setData("text/plain", chip.textContent.trim());
});

document.addEventListener("dragover", (event) => {
  if (!dragged) return;
  const cell = event.target.closest?.(".board tbody td");
  if (!placeOf(cell)) return mark(null);
  event.preventDefault();
  event.dataTransfer.dropEffect = copies(event) ? "copy" : "move";
  mark(cell);
});

document.addEventListener("drop", (event) => {
  const place = dragged && placeOf(event.target.closest?.(".board tbody td"));
  if (!place) return;
  event.preventDefault();
  const { chip, cell } = dragged;
  const how = copies(event) ? "copy" : "move";
  if (over !== cell || how === "copy") change(chip, "place", { how, ...place });
});

document.addEventListener("dragend", () => {
  dragged = null;
  mark(null);
});
