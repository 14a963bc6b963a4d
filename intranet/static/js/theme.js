// Light or dark without a reload. The server keeps the choice in a cookie and renders it from then on.
const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-theme-switch]");
  if (!form) return;
  event.preventDefault();
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches;
  root.dataset.theme = dark ? "light" : "dark";
  const body = new FormData(form);
  body.set("theme", root.dataset.theme);
  await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
});
