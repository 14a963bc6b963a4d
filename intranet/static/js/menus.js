// Menus are <details class="menu">. A click elsewhere, a choice, or Escape closes them; the focus goes back to what opened it.
const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    const chosen = menu.contains(event.target) && event.target.closest(".menu-list :is(a, button)");
    if (menu.contains(event.target) && !chosen) continue;
    const had = menu.contains(document.activeElement);
    menu.open = false;
    // What is hidden loses the focus. Not at once: a form asks which of its buttons was pressed.
    if (chosen && had) setTimeout(() => giveBack(menu));
  }
});

function giveBack(menu) {
  const active = document.activeElement;
  if (active === document.body || menu.contains(active)) menu.querySelector("summary").focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});
