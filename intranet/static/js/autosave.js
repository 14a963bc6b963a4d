// Keeps what is being written, a moment after the last key; stops where nothing that is typed helps, knocks ever more seldom
// at a door that does not open, and asks before unsaved words are left.
const PAUSE = 3000; // after the last key
const LONGEST = 20000; // of writing without a pause
const LONGEST_WAIT = 60000; // for a server that does not answer
const STOPPING = [403, 404, 409];

// What is sent, and what the page makes of the answer. `leavesOut` are fields that come and go with a button alone.
export class Autosave {
  constructor(form, { saved, changed = false, leavesOut = [], onKept = () => {}, onLost = () => {} }) {
    Object.assign(this, { form, saved, changed, leavesOut, onKept, onLost });
    this.mayKeep = Boolean(form.dataset.keepAt);
    this.stopped = false;
    this.writing = null; // when the words that are not saved were begun
    this.waiting = null;
    this.saving = null; // the save that is under way
    this.failures = 0; // in a row
    this.notBefore = 0; // the moment of the next attempt after one
    form.addEventListener("input", ({ target }) => {
      this.changed = true;
      if (!leavesOut.includes(target.name)) this.soon();
    });
    form.addEventListener("submit", (event) => this.submit(event));
    addEventListener("beforeunload", (event) => {
      if (this.changed || this.saving) event.preventDefault();
    });
  }

  soon() {
    if (this.stopped || !this.mayKeep) return;
    const now = Date.now();
    this.writing ??= now;
    clearTimeout(this.waiting);
    const wait = Math.max(0, this.notBefore - now, Math.min(PAUSE, this.writing + LONGEST - now));
    this.waiting = setTimeout(() => this.keep(), wait);
  }

  // Nothing is kept until `resume`: somebody is asked something.
  pause() {
    clearTimeout(this.waiting);
    this.mayKeep = false;
  }

  resume() {
    this.mayKeep = true;
    if (this.changed) this.soon();
  }

  keep() {
    if (this.saving || this.stopped || !this.mayKeep) return;
    this.saving = this.send().finally(() => { this.saving = null; if (this.writing) this.soon(); });
  }

  async send() {
    const body = new FormData(this.form);
    for (const name of this.leavesOut) body.delete(name);
    this.changed = false;
    this.writing = null;
    const options = { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" };
    const answer = await fetch(this.form.dataset.keepAt, options).catch(() => null);
    const kept = (await answer?.json().catch(() => null)) ?? {};
    if (!kept.token) this.changed = true;
    if (answer?.type === "opaqueredirect") {
      this.stop("Not saved: you were signed out. Sign in in another window, then press Save draft here.");
    } else if (STOPPING.includes(answer?.status)) {
      this.stop(kept.said ?? "Not saved by itself. Press Save draft to see why.");
    } else if (kept.said) {
      this.answered(kept);
    } else {
      this.tryLater();
    }
  }

  // Kept, or not kept because of something that the author can mend: then the next word that is typed tries again.
  answered(kept) {
    this.failures = this.notBefore = 0;
    this.saved.textContent = kept.said;
    if (!kept.token) return;
    this.form.elements.token.value = kept.token;
    this.onKept(kept);
  }

  // From here on the author decides.
  stop(words) {
    this.stopped = true;
    this.writing = null;
    clearTimeout(this.waiting);
    this.saved.textContent = words;
  }

  // Each time that no answer comes, the next attempt waits twice as long.
  tryLater() {
    this.notBefore = Date.now() + Math.min(PAUSE * 2 ** this.failures, LONGEST_WAIT);
    this.failures += 1;
    this.writing ??= Date.now();
    this.saved.textContent = "Not saved yet: the server cannot be reached. Your words stay here, and it is tried again.";
    this.onLost();
  }

  submit(event) {
    clearTimeout(this.waiting);
    if (this.saving) { // its token is the one to send
      event.preventDefault();
      const { submitter } = event;
      this.saving.then(() => this.form.requestSubmit(submitter));
      return;
    }
    this.mayKeep = false;
    this.changed = false;
  }
}
