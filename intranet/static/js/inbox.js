// While a page is open: what is unread, in the badge and the title, and a notification of what comes, once for all tabs.
const MINUTE = 60_000;
const FIRST = 5_000; // the first page of a visit asks soon, so that the next ones know what is new
const HIDDEN = 5 * MINUTE;
const LONGEST = 15 * MINUTE;
const REMEMBERED = 100;

const { news, person } = document.body.dataset;
const place = `inbox-${person}`; // of this person alone: others may use the same browser
const wish = `inbox-notify-${person}`;
const channel = "BroadcastChannel" in window ? new BroadcastChannel(place) : null;
let failures = 0;
let timer = 0;
let over = false;

// --- What all tabs know together

// Without storage each tab counts for itself.
const memory = new Map();

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return memory.get(key);
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    memory.set(key, value);
  }
}

const known = () => JSON.parse(read(place) ?? "{}");
const keep = (state) => write(place, JSON.stringify(state));

const alone = (work) => (navigator.locks ? navigator.locks.request(place, { ifAvailable: true }, (lock) => lock && work()) : work());

// --- Asking

function pause() {
  if (failures) return Math.min(MINUTE * 2 ** failures, LONGEST);
  return document.visibilityState === "visible" ? MINUTE : HIDDEN;
}

const mayAsk = () => !over && (document.visibilityState === "visible" || wanted());

function plan() {
  clearTimeout(timer);
  if (!mayAsk()) return;
  const { asked } = known();
  const due = asked ? asked + pause() - Date.now() : FIRST;
  timer = setTimeout(() => alone(ask).catch(() => {}).finally(plan), Math.max(due, 1_000));
}

async function ask() {
  const state = known();
  const passed = Date.now() - (state.asked ?? 0);
  if (passed < pause()) return;
  if (passed > 2 * LONGEST) state.at = state.etag = undefined; // nobody was here: what came meanwhile is no news
  keep({ ...state, asked: Date.now() });
  const headers = { Accept: "application/json", "X-By-Itself": "1", ...(state.etag && { "If-None-Match": state.etag }) };
  const address = state.at ? `${news}?since=${encodeURIComponent(state.at)}` : news;
  const answer = await fetch(address, { headers, redirect: "manual", cache: "no-store" }).catch(() => null);
  if (answer?.type === "opaqueredirect" || answer?.status === 401 || answer?.status === 403) {
    over = true; // signed out, here or in another tab: the next page says so
    return;
  }
  failures = answer && (answer.ok || answer.status === 304) ? 0 : failures + 1;
  if (!answer?.ok) return;
  await take(await answer.json(), answer.headers.get("ETag"), state);
}

async function take({ unread, items, at }, etag, { seen = [], at: before }) {
  const fresh = items.filter(({ key }) => !seen.includes(key));
  keep({ ...known(), at, etag, unread, seen: [...seen, ...fresh.map(({ key }) => key)].slice(-REMEMBERED) });
  show(unread);
  channel?.postMessage(unread);
  if (before && wanted()) for (const item of fresh.reverse()) tell(item);
}

// --- Showing

function show(unread) {
  document.title = (unread ? `(${unread}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  const bell = document.getElementById("bell");
  if (bell) {
    bell.querySelector(".count")?.remove();
    bell.querySelector(".visually-hidden").textContent = unread ? `Inbox, ${unread} unread` : "Inbox";
    if (unread) bell.append(count(unread));
    bell.querySelector(".count")?.setAttribute("aria-hidden", "true");
  }
  const link = document.querySelector(`#places a[href="${bell?.getAttribute("href")}"]`);
  link?.querySelector(".count")?.remove();
  if (unread) link?.append(count(unread, " unread"));
}

function count(unread, words = "") {
  const badge = document.createElement("span");
  badge.className = "count";
  badge.textContent = unread;
  if (words) {
    const label = document.createElement("span");
    label.className = "visually-hidden";
    label.textContent = words;
    badge.append(label);
  }
  return badge;
}

// --- Telling

const wanted = () => "Notification" in window && Notification.permission === "granted" && read(wish) === "yes";

function tell({ id, key, title, path }) {
  const note = new Notification(title, { tag: key, icon: document.querySelector("link[rel=icon]")?.href });
  note.addEventListener("click", () => {
    window.focus();
    note.close();
    // To have opened it is to have read it, as in the list.
    const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
    const address = news.replace(/news\/$/, `${id}/read/`);
    fetch(address, { method: "POST", headers, keepalive: true, redirect: "manual" }).catch(() => {});
    location.assign(path);
  });
}

function drawSwitch() {
  const box = document.querySelector("[data-notify]");
  if (!box || !("Notification" in window)) return;
  const refused = Notification.permission === "denied";
  box.hidden = false;
  box.querySelector("[data-notify-button]").hidden = refused;
  box.querySelector("[data-notify-button] span").textContent = wanted() ? "Stop notifying me in this browser" : "Notify me in this browser";
  if (refused) box.querySelector("[data-notify-words]").textContent = "This browser shows no notifications of this site. You change that in its settings.";
}

async function flip() {
  const on = !wanted();
  if (on && Notification.permission !== "granted") await Notification.requestPermission();
  write(wish, on && Notification.permission === "granted" ? "yes" : "no");
  drawSwitch();
  plan();
}

if (news) {
  document.addEventListener("visibilitychange", plan);
  document.addEventListener("click", (event) => event.target.closest("[data-notify-button]") && flip());
  document.addEventListener("htmx:afterSettle", drawSwitch);
  channel?.addEventListener("message", ({ data }) => show(data));
  drawSwitch();
  plan();
}
