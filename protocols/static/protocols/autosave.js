// Saves a draft by itself a moment after the last key, says who else has it open, and asks before unsaved words are left.
const form = document.querySelector("form#edit");
const { keepAt, presentAt } = form.dataset;
const saved = document.querySelector("[data-saved]");
const presence = document.querySelector("[data-presence]");
const PAUSE = 3000; // after the last key
const LONGEST = 20000; // of writing without a pause
const EVERY = 30000; // how often an open editor says so
let changed = "unsaved" in form.dataset;
let writing = null; // when the words that are not saved were begun
let waiting = null;
let saving = null; // the save that is under way
let mayKeep = Boolean(keepAt);

async function post(address, body) {
  return fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
}

function keep() {
  if (!saving && mayKeep) saving = send().finally(() => { saving = null; });
}

async function send() {
  const body = new FormData(form);
  changed = false;
  writing = null;
  try {
    const answer = await post(keepAt, body);
    const { token, said } = await answer.json();
    if (token) form.elements.token.value = token;
    else changed = true;
    mayKeep = answer.status !== 409; // from there on the author decides
    saved.textContent = said;
  } catch {
    changed = true;
    saved.textContent = "Not saved yet: no connection, or you were signed out. Your words stay here.";
  }
  if (changed && mayKeep) setTimeout(soon);
}

function soon() {
  writing ??= Date.now();
  clearTimeout(waiting);
  waiting = setTimeout(keep, Math.max(0, Math.min(PAUSE, writing + LONGEST - Date.now())));
}

async function sayPresent() {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("version", form.elements.version.value);
  body.set("token", form.elements.token.value);
  const answer = await post(presentAt, body).catch(() => null);
  if (!answer?.ok) return;
  const { said } = await answer.json();
  if (presence.textContent !== said) presence.textContent = said;
}

form.addEventListener("input", () => {
  changed = true;
  if (mayKeep) soon();
});
form.addEventListener("submit", (event) => {
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
addEventListener("beforeunload", (event) => {
  if (changed || saving) event.preventDefault();
});
setInterval(sayPresent, EVERY);
