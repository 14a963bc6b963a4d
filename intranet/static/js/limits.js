// Near the limit of a line: how much room is left; beyond it: how much is too long. Nothing is cut.
const NEAR = 20;
const PAUSE = 1000; // after the last key, so that a screen reader is not told of each

const counted = (number) => `${number} ${number === 1 ? "character" : "characters"}`;

const roomIn = (field) => field.dataset.limit - [...field.value.trim()].length;

function words(field) {
  const left = roomIn(field);
  if (left > NEAR) return "";
  return left < 0 ? `${counted(-left)} too long. Nothing is cut: shorten it before you send it.` : `${counted(left)} left.`;
}

for (const field of document.querySelectorAll("[data-limit]")) {
  const shown = document.createElement("p");
  shown.hidden = true;
  shown.setAttribute("aria-hidden", "true");
  const told = document.createElement("span");
  told.className = "visually-hidden";
  told.setAttribute("aria-live", "polite");
  field.after(shown, told);
  let waiting = null;
  const show = () => {
    shown.textContent = words(field);
    shown.hidden = !shown.textContent;
    shown.className = roomIn(field) < 0 ? "error-text" : "hint";
  };
  field.addEventListener("input", () => {
    show();
    clearTimeout(waiting);
    waiting = setTimeout(() => { told.textContent = shown.textContent; }, PAUSE);
  });
  if (!field.matches("[aria-invalid=true]")) show(); // the form has said it already
}
