// A row of tabs that is wider than the phone begins where the open one is.
function showOpen() {
  for (const open of document.querySelectorAll(".tabs [aria-current]")) {
    const row = open.closest(".tabs");
    const { left, right } = open.getBoundingClientRect();
    const sight = row.getBoundingClientRect();
    if (right > sight.right || left < sight.left) row.scrollLeft += left - sight.left - (sight.width - (right - left)) / 2;
  }
}

document.addEventListener("htmx:afterSettle", showOpen);
showOpen();
