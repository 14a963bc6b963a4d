// Quarter hours: a shift starts or ends earlier or later by a press.
const DAY = 24 * 60;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-quarter]");
  const field = button && document.getElementById(button.dataset.quarter);
  if (!field?.value) return;
  const [hours, minutes] = field.value.split(":").map(Number);
  const wanted = (hours * 60 + minutes + Number(button.dataset.by) + DAY) % DAY;
  field.value = [Math.floor(wanted / 60), wanted % 60].map((part) => String(part).padStart(2, "0")).join(":");
  field.dispatchEvent(new Event("change", { bubbles: true }));
});
