// The lines of a booking: add, remove, keep the times in step. Prices and conflicts come from the server.
export function bookingForm(form, htmx) {
  const lines = form.querySelector("[data-lines]");
  const template = form.querySelector("template[data-line]");
  const last = () => lines.querySelector(".line-card:last-child");
  const field = (card, name) => card.querySelector(`[name="${name}"]`);
  const changed = () => form.querySelector("[data-quote]")?.dispatchEvent(new Event("lines-changed", { bubbles: true }));

  function number() {
    const cards = lines.querySelectorAll(".line-card");
    cards.forEach((card, index) => {
      const legend = card.querySelector("[data-number]");
      if (legend) legend.textContent = index + 1;
      const remove = card.querySelector("[data-remove]");
      remove.hidden = cards.length === 1;
      // Without this script the server adds and removes lines; Enter in a field must send the form.
      remove.type = "button";
      for (const label of card.querySelectorAll("label[data-for]")) {
        const named = field(card, label.dataset.for);
        named.id = `${label.dataset.for}-${index}`;
        label.htmlFor = named.id;
      }
    });
  }

  const add = form.querySelector("[data-add-line]");
  add.type = "button";
  add.addEventListener("click", () => {
    const before = last();
    lines.append(template.content.cloneNode(true));
    const card = last();
    for (const name of ["starts_at", "ends_at"]) if (before) field(card, name).value = field(before, name).value;
    htmx.process(card);
    number();
    field(card, "resource").focus();
    changed();
  });

  lines.addEventListener("click", (happened) => {
    const button = happened.target.closest("[data-remove]");
    if (!button) return;
    const card = button.closest(".line-card");
    const neighbour = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    number();
    field(neighbour, "resource").focus();
    changed();
  });

  // Moving the start keeps the length, as calendars do; the other lines follow if they ran along.
  lines.addEventListener("focusin", ({ target }) => (target.dataset.before = target.value));
  lines.addEventListener("change", ({ target }) => {
    const card = target.closest(".line-card");
    if (target.name === "starts_at" && target.value && target.dataset.before) {
      const ends = field(card, "ends_at");
      const moved = new Date(target.value) - new Date(target.dataset.before);
      if (ends.value && new Date(ends.value) <= new Date(target.value)) ends.value = local(new Date(ends.value).getTime() + moved);
    }
    target.dataset.before = target.value;
    // What the server said of the line was about other values.
    card.querySelector(".line-word")?.remove();
    changed();
  });
  // A repetition, and the ticks at its dates, are looked at anew.
  form.addEventListener("change", ({ target }) => {
    if (target.closest("[data-repeats]") || ["date", "add_on", "attendees"].includes(target.name)) changed();
  });
  // A suggestion fills the lines it speaks of; the server looks again.
  form.addEventListener("click", (happened) => {
    const button = happened.target.closest("[data-suggestion]");
    if (!button) return;
    const cards = lines.querySelectorAll(".line-card");
    for (const { line, ...values } of JSON.parse(button.dataset.suggestion)) {
      if (!cards[line]) continue;
      for (const [name, value] of Object.entries(values)) field(cards[line], name).value = value;
      cards[line].querySelector(".line-word")?.remove();
    }
    field(cards[0], "starts_at").focus();
    changed();
  });
  number();
}

function local(instant) {
  const date = new Date(instant);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
