// Keeps what is being written as a draft, which it becomes with the first save.
import { Autosave } from "../js/autosave.js";

const form = document.querySelector("form[data-keep-at]");

// What was new is a draft from now on: a reload finds it, and so does whatever is sent.
function belongTo({ address, keep_at: keepAt, discard_at: discardAt }) {
  form.elements.repeated.value = "";
  form.dataset.keepAt = keepAt;
  form.action = address;
  history.replaceState(history.state, "", address);
  const discard = form.querySelector("[data-opens=discard]");
  if (!discard) return;
  const link = document.createElement("a");
  link.className = "button quiet";
  link.href = discardAt;
  link.textContent = discard.textContent;
  discard.replaceWith(link);
  document.querySelectorAll("[data-discards]").forEach((other) => { other.href = discardAt; });
}

// The draft may be there: only the answer is lost.
function mayBeThere() {
  form.elements.repeated.value = "on";
}

function watch() {
  const leavesOut = ["file", "remove"]; // files come and go when somebody says so
  const saved = form.querySelector("[data-saved]");
  const autosave = new Autosave(form, { saved, leavesOut, onKept: belongTo, onLost: mayBeThere });
  // Nothing is kept while somebody is asked whether to throw it away.
  form.querySelector("[data-opens=discard]")?.addEventListener("click", () => autosave.pause());
  document.querySelector("dialog#discard")?.addEventListener("close", () => autosave.resume());
  document.querySelectorAll("[data-discards]").forEach((link) => {
    link.addEventListener("click", () => { autosave.changed = false; });
  });
}

if (form) watch();
