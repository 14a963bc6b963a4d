// Dialogs and sheets: opened by data-opens="id", closed by data-closes or Escape; the focus goes back to the opener.
const besideThePage = matchMedia("(min-width: 64rem)");

// The opener may be replaced while the box is open, so it is remembered by its id where it has one.
function returnTo(opener) {
  const again = opener?.id ? document.getElementById(opener.id) : opener;
  if (again?.isConnected) again.focus();
}

const openers = new WeakMap();

export function openBox(box, opener = document.activeElement) {
  if (!box) return;
  openers.set(box, opener); // of a box that stays open while something else is put into it, the last one counts
  if (box.open) return;
  if (box.classList.contains("sheet") && besideThePage.matches) box.show();
  else box.showModal();
  focusHeading(box);
  box.addEventListener("close", () => returnTo(openers.get(box)), { once: true });
}

export function focusHeading(box) {
  const heading = box.querySelector("h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    event.preventDefault();
    openBox(document.getElementById(opener.dataset.opens), opener);
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog")?.close();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector("dialog.sheet[open]:not(:modal)")?.close();
});

// An address that ends in #id of a dialog opens it: so a box can be linked to, sent and reloaded.
const linked = location.hash && document.getElementById(location.hash.slice(1));
if (linked?.tagName === "DIALOG") openBox(linked, document.querySelector(`[data-opens="${linked.id}"]`));
