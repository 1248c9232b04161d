// Bookings of the bank by keys: j and k move, 1–5 choose, Enter matches, u undoes, / searches, i ignores.
const list = document.querySelector("[data-bank]");
const entries = [...list.querySelectorAll("[data-entry]")];
const current = () => document.activeElement.closest?.("[data-entry]");

function go(entry) {
  if (!entry) return;
  entry.focus();
  entry.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const at = entries.indexOf(current());
  go(entries[at < 0 ? 0 : Math.min(Math.max(at + by, 0), entries.length - 1)]);
}

function open(id) {
  const dialog = id && document.getElementById(id);
  if (!dialog) return;
  dialog.showModal();
  dialog.querySelector("[data-first]")?.focus();
}

const deeds = {
  j: () => step(1),
  ArrowDown: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  i: () => open(current()?.querySelector("dialog[id^=ignore-]")?.id),
  // Of the booking one stands on; in the queue, of the one decided last.
  u: () => open(current()?.querySelector("dialog[id^=undo-]")?.id ?? document.querySelector("[data-last]")?.dataset.last),
  "/": () => (current() ?? entries[0])?.querySelector("[data-search]")?.click(),
  Enter: () => current()?.querySelector(".offers")?.requestSubmit(),
};
for (const digit of "12345") {
  deeds[digit] = () => {
    const radio = current()?.querySelectorAll("[name=suggestion]")[Number(digit) - 1];
    if (radio) radio.checked = true;
  };
}

document.addEventListener("keydown", (pressed) => {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey || document.querySelector("dialog[open]")) return;
  const target = pressed.target;
  if (target.closest("textarea, select, input:not([type=radio])")) return;
  // A button, a link and a radio keep what Enter and the arrows mean on them.
  if (pressed.key === "Enter" && !target.matches("[data-entry], [type=radio]")) return;
  if (pressed.key.startsWith("Arrow") && target.matches("[type=radio]")) return;
  const deed = deeds[pressed.key];
  if (!deed) return;
  pressed.preventDefault();
  deed();
});

go(document.getElementById(location.hash.slice(1)) ?? entries[0]);
