// Keeps what is being written as a draft, a moment after the last key, and asks before unsaved words are left.
const form = document.querySelector("form[data-keep-at]");
const PAUSE = 3000; // after the last key
const LONGEST = 20000; // of writing without a pause
const saved = form?.querySelector("[data-saved]");
let changed = false;
let writing = null; // when the words that are not saved were begun
let waiting = null;
let saving = null; // the save that is under way
let mayKeep = Boolean(form);

// What was new is a draft from now on: a reload finds it, and so does whatever is sent.
function belongTo({ address, keep_at: keepAt, discard_at: discardAt }) {
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

async function send() {
  const body = new FormData(form);
  body.delete("file"); // files come and go when somebody says so
  body.delete("remove");
  changed = false;
  writing = null;
  try {
    const answer = await fetch(form.dataset.keepAt, { method: "POST", body, headers: { Accept: "application/json" } });
    const kept = await answer.json();
    if (kept.token) {
      form.elements.token.value = kept.token;
      belongTo(kept);
    } else {
      changed = true;
    }
    mayKeep = answer.status !== 409; // from there on the author decides
    saved.textContent = kept.said;
  } catch {
    changed = true;
    writing ??= Date.now(); // tried again
    saved.textContent = "Not saved yet: no connection, or you were signed out. Your words stay here.";
  }
}

function keep() {
  if (!saving && mayKeep) saving = send().finally(() => { saving = null; if (writing) soon(); });
}

function soon() {
  writing ??= Date.now();
  clearTimeout(waiting);
  waiting = setTimeout(keep, Math.max(0, Math.min(PAUSE, writing + LONGEST - Date.now())));
}

form?.addEventListener("input", (event) => {
  changed = true;
  if (mayKeep && event.target.name !== "file") soon();
});
form?.addEventListener("submit", (event) => {
  clearTimeout(waiting);
  if (saving) { // its token is the one to send
    event.preventDefault();
    const { submitter } = event;
    saving.then(() => form.requestSubmit(submitter));
    return;
  }
  mayKeep = false;
  changed = false;
});
// Nothing is kept while somebody is asked whether to throw it away.
const asking = document.querySelector("dialog#discard");
form?.querySelector("[data-opens=discard]")?.addEventListener("click", () => {
  clearTimeout(waiting);
  mayKeep = false;
});
asking?.addEventListener("close", () => {
  mayKeep = true;
  if (changed) soon();
});
document.querySelectorAll("[data-discards]").forEach((link) => link.addEventListener("click", () => { changed = false; }));
if (form) addEventListener("beforeunload", (event) => {
  if (changed || saving) event.preventDefault();
});
