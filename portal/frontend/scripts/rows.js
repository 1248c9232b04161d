// Rows of a form that are added and taken away; the server leaves blank ones out.
export function rows(list) {
  const body = list.querySelector("[data-rows]");
  const template = list.querySelector("template");
  const add = list.querySelector("[data-add-row]");
  const field = (row, name) => row?.querySelector(`[name="${name}"]`);

  // The server gives a blank row for those without a script; with one it is a press away.
  const last = body.lastElementChild;
  const typed = [...(last?.querySelectorAll("input:not([type=hidden], [type=date]), select") ?? [])].some(({ value }) => value);
  if (body.children.length > 1 && !typed) last.remove();

  add.addEventListener("click", () => {
    const before = body.lastElementChild;
    body.append(template.content.cloneNode(true));
    const row = body.lastElementChild;
    // The next point begins where the one before ends, on its day.
    if (field(before, "point_starts")) {
      field(row, "point_starts").value = field(before, "point_ends").value;
      field(row, "point_day").value = field(before, "point_day").value;
    }
    row.querySelector("input:not([type=hidden]), select").focus();
  });

  body.addEventListener("click", ({ target }) => {
    const row = target.closest("[data-remove-row]")?.closest(".row-card");
    if (!row) return;
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (neighbour?.querySelector("[data-remove-row]") ?? add).focus();
  });
}
