// Saves a draft by itself while somebody writes, and says who else has it open.
import { Autosave } from "../js/autosave.js";

const form = document.querySelector("form#edit");
const presence = document.querySelector("[data-presence]");
const EVERY = 30000; // how often an open editor says so

async function sayPresent() {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("version", form.elements.version.value);
  body.set("token", form.elements.token.value);
  const options = { method: "POST", body, headers: { Accept: "application/json" } };
  const answer = await fetch(form.dataset.presentAt, options).catch(() => null);
  if (!answer?.ok) return;
  const { said } = await answer.json();
  if (presence.textContent !== said) presence.textContent = said;
}

new Autosave(form, { saved: document.querySelector("[data-saved]"), changed: "unsaved" in form.dataset });
setInterval(sayPresent, EVERY);
