// Several shifts: how many are ticked, a stretch of them with the shift key, and the way in by shift and click.
import { CHIP, look, shiftOf, visible } from "./board.js";

const boxes = () => visible("input[name=shift][form=several]");
let last = null; // the box that was ticked before, where a stretch begins

function count() {
  const words = document.querySelector("[data-ticked]");
  if (words) words.textContent = String(boxes().filter((box) => box.checked).length);
}

document.addEventListener("click", ({ target, shiftKey }) => {
  if (!target.matches?.("input[name=shift][form=several]")) return;
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(target)].sort((one, other) => one - other);
  if (shiftKey && from >= 0) for (const box of all.slice(from, to + 1)) box.checked = target.checked;
  last = target;
  count();
});

document.addEventListener("htmx:afterSettle", count);

// Before the chip opens its sheet.
document.addEventListener(
  "click",
  async (event) => {
    const chip = event.shiftKey && event.target.closest?.(CHIP);
    if (!chip) return;
    event.preventDefault();
    event.stopPropagation();
    await look({ select: "1" });
    boxes().find((box) => box.value.startsWith(shiftOf(chip)))?.click();
  },
  true,
);
