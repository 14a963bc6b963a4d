// Keeps what is being written as a draft, a moment after the last key, and asks before unsaved words are left.
const form = document.querySelector("form[data-keep-at]");
const PAUSE = 3000; // after the last key
const LONGEST = 20000; // of writing without a pause
const LONGEST_WAIT = 60000; // for a server that does not answer
const STOPPING = [403, 404, 409];
const saved = form?.querySelector("[data-saved]");
let changed = false;
let writing = null; // when the words that are not saved were begun
let waiting = null;
let saving = null; // the save that is under way
let mayKeep = Boolean(form);
let stopped = false;
let failures = 0; // in a row
let notBefore = 0; // the moment of the next attempt after one

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

// Nothing that is typed helps: from here on the author decides.
function stop(words) {
  stopped = true;
  writing = null;
  clearTimeout(waiting);
  saved.textContent = words;
}

// Each time that no answer comes, the next attempt waits twice as long.
function tryLater() {
  notBefore = Date.now() + Math.min(PAUSE * 2 ** failures, LONGEST_WAIT);
  failures += 1;
  writing ??= Date.now();
  saved.textContent = "Not saved yet: the server cannot be reached. Your words stay here, and it is tried again.";
  if (form.elements.repeated) form.elements.repeated.value = "on"; // the draft may be there: only the answer is lost
}

async function send() {
  const body = new FormData(form);
  body.delete("file"); // files come and go when somebody says so
  body.delete("remove");
  changed = false;
  writing = null;
  let answer;
  let kept;
  try {
    const options = { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" };
    answer = await fetch(form.dataset.keepAt, options);
    kept = await answer.json().catch(() => ({}));
  } catch {
    changed = true;
    tryLater();
    return;
  }
  changed ||= !kept.token;
  if (answer.type === "opaqueredirect") {
    stop("Not saved: you were signed out. Sign in in another window, then press Save draft here.");
  } else if (STOPPING.includes(answer.status)) {
    stop(kept.said ?? "Not saved by itself. Press Save draft to see why.");
  } else if (kept.said) {
    failures = notBefore = 0;
    saved.textContent = kept.said;
    if (!kept.token) return;
    form.elements.token.value = kept.token;
    if (form.elements.repeated) form.elements.repeated.value = "";
    belongTo(kept);
  } else {
    tryLater();
  }
}

function keep() {
  if (!saving && mayKeep && !stopped) saving = send().finally(() => { saving = null; if (writing) soon(); });
}

function soon() {
  if (stopped) return;
  const now = Date.now();
  writing ??= now;
  clearTimeout(waiting);
  waiting = setTimeout(keep, Math.max(0, notBefore - now, Math.min(PAUSE, writing + LONGEST - now)));
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
