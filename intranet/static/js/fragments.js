// htmx: the focus stays or moves with a reason, a failure says so, and text that was typed is never lost.
import { focusHeading, openBox } from "./boxes.js";
import { say } from "./toasts.js";

const BUSY_AFTER = 200;
const SETTLED_AFTER = 60; // htmx settles what it swapped after 20
const busy = new WeakMap();
let focused = null; // { id, next }: where the focus was before a swap, and the row to go to when that is gone
let failed = null; // the element and event of the last request that did not get through

// What asks for news by itself waits while nobody looks, and asks at once when somebody looks again.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const place of document.querySelectorAll("[data-while-visible]")) place.dispatchEvent(new Event("seen-again"));
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (document.hidden && elt.matches("[data-while-visible]")) return event.preventDefault();
  busy.set(target, setTimeout(() => target.setAttribute("aria-busy", "true"), BUSY_AFTER));
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  clearTimeout(busy.get(detail.target));
  detail.target.removeAttribute("aria-busy");
  // What was removed without a replacement never settles: the focus moves on as soon as it is gone.
  if (focused && !document.getElementById(focused.id) && document.activeElement === document.body) restoreFocus();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  if (isSignInPage(detail.xhr)) {
    detail.shouldSwap = false;
    remember(detail);
    openBox(document.getElementById("signed-out"));
    return;
  }
  const active = document.activeElement;
  const row = active?.closest("li, tr");
  const next = row?.nextElementSibling ?? row?.previousElementSibling ?? inAnotherGroup(row, detail.target);
  focused = detail.target.contains(active) ? { id: active.id, next: next?.id, list: row?.parentElement } : null;
});

// The only row of its day has its neighbours under another day.
function inAnotherGroup(row, target) {
  const rows = [...target.querySelectorAll(".rows > li")];
  const place = rows.indexOf(row);
  return place < 0 ? undefined : (rows[place + 1] ?? rows[place - 1]);
}

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const place = detail.elt.isConnected ? detail.elt : document.getElementById(detail.elt.id);
  const summary = place?.querySelector?.(".error-summary");
  const refused = place?.querySelector?.("[data-refused]");
  const box = place?.closest?.("dialog");
  if (summary) return summary.focus();
  if (refused) return refused.focus({ preventScroll: true }); // it is where it was when it was sent
  if (box && detail.target === box.querySelector("[data-box-content]")) return focusHeading(box);
  if (!focused || document.activeElement !== document.body) return;
  restoreFocus();
});

function restoreFocus() {
  const same = focused.id && document.getElementById(focused.id);
  const next = focused.next && document.getElementById(focused.next)?.querySelector("a[href], button");
  const list = focused.list?.isConnected ? focused.list.closest("section") : null;
  const heading = list?.querySelector("h2, h3");
  const goal = same || next || heading;
  if (goal && goal === heading) heading.tabIndex = -1;
  goal?.focus();
  focused = null;
  if (!goal) setTimeout(focusPageHeading, SETTLED_AFTER); // a page that knows a better place has gone there by then
}

function focusPageHeading() {
  const heading = document.querySelector("main h1");
  if (!heading || document.activeElement !== document.body) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function remember(detail) {
  failed = { element: detail.elt, event: detail.requestConfig?.triggeringEvent?.type ?? "click" };
}

function isSignInPage(xhr) {
  const signIn = document.body.dataset.login;
  return Boolean(signIn && xhr.responseURL && new URL(xhr.responseURL).pathname === signIn && location.pathname !== signIn);
}

function notSaved(detail, words) {
  remember(detail);
  const toast = say("danger", words, "warning");
  const again = document.createElement("button");
  again.type = "button";
  again.className = "small";
  again.dataset.repeat = "";
  again.textContent = "Try again";
  toast?.querySelector("p").after(again);
}

document.addEventListener("htmx:sendError", ({ detail }) => {
  notSaved(detail, "Not saved: the server did not answer. Your text is still here.");
});
document.addEventListener("htmx:timeout", ({ detail }) => {
  notSaved(detail, "Not saved: the server did not answer. Your text is still here.");
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  const words = {
    403: "Not saved: you may not do this, or the page is too old. Reload it and try again.",
    404: "This is no longer here. Reload the page.",
    429: "Too many tries. Wait a few minutes, then try again.",
  };
  notSaved(detail, words[detail.xhr.status] ?? "Something broke on our side. Nothing was saved; your text is still here.");
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-repeat]");
  if (!button) return;
  button.closest("dialog")?.close();
  button.closest(".toast")?.remove();
  if (!failed?.element.isConnected) return;
  await renewTokens();
  window.htmx.trigger(failed.element, failed.event);
});

// Signing in again gives the browser a new form token; the page still holds the old one.
async function renewTokens() {
  const page = await fetch(location.href, { headers: { Accept: "text/html" } }).then((answer) => answer.text()).catch(() => "");
  const fresh = new DOMParser().parseFromString(page, "text/html");
  const headers = fresh.body.getAttribute("hx-headers");
  const token = fresh.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  if (headers) document.body.setAttribute("hx-headers", headers);
  if (token) for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = token;
}
