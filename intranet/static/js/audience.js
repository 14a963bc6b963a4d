// The audience table counts the people while boxes are ticked. The server counts again and decides.
const audience = document.querySelector("[data-audience]");

function count() {
  const chosen = [...audience.querySelectorAll("input[data-people]:checked")];
  const total = chosen.reduce((sum, box) => sum + Number(box.dataset.people), 0);
  for (const place of document.querySelectorAll("[data-audience-count]")) {
    place.textContent = total === 1 ? "1 person" : `${total} people`;
  }
}

if (audience) {
  audience.addEventListener("change", count);
  count();
}
