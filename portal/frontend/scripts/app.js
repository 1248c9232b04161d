// Small behaviours that every page shares. The server renders; this only moves focus and swaps parts.
import htmx from "htmx.org";
import { bookingForm } from "./booking-form.js";
import { rows } from "./rows.js";

window.htmx = htmx;

const on = (event, selector, act) =>
  document.addEventListener(event, (happened) => {
    const target = happened.target.closest?.(selector);
    if (target) act(target, happened);
  });

// Dialogs: a button names the dialog it opens.
on("click", "[data-opens]", (button) => {
  const dialog = document.getElementById(button.dataset.opens);
  dialog.showModal();
  dialog.querySelector("[data-first]")?.focus();
});
on("click", "[data-closes]", (button) => button.closest("dialog").close());
on("click", "dialog.ask", (dialog, happened) => happened.target === dialog && dialog.close());

on("click", "[data-dismiss]", (button) => button.closest(".note").remove());
on("click", "[data-print]", () => window.print());

// Copies what stands in a field; where the browser allows no clipboard, the text is marked to copy by hand.
on("click", "[data-copies]", async (button) => {
  const field = document.getElementById(button.dataset.copies);
  const isField = "value" in field;
  if (isField) field.select();
  else getSelection().selectAllChildren(field);
  try {
    await navigator.clipboard.writeText(isField ? field.value : field.textContent.trim());
    button.querySelector("[data-word]").textContent = button.dataset.copied;
  } catch {
    if (isField) field.focus();
  }
});

// Light, dark, or what the system says.
on("click", "[data-theme-choice]", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});

// A form is sent once; the button says that it is busy. Coming back by history frees it again.
document.addEventListener("submit", (happened) => {
  if (happened.defaultPrevented || happened.target.method !== "post") return;
  for (const button of happened.target.querySelectorAll("button[type=submit], button:not([type])")) {
    button.setAttribute("aria-busy", "true");
    setTimeout(() => (button.disabled = true));
  }
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});

// Filters answer as they change; an empty field keeps out of the address.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get" || !detail.elt.closest("form.filters, form.tl-tools")) return;
  for (const [name, value] of [...detail.formData.entries()]) if (value === "") detail.formData.delete(name);
});

// A toolbar answers as soon as something is chosen.
on("change", "form[data-auto] :is(select, input[type=date])", (field) => field.form.requestSubmit());

function tell(words) {
  const notes = document.getElementById("notes");
  const note = document.getElementById("note-template").content.cloneNode(true);
  note.querySelector("[data-words]").textContent = words;
  notes.replaceChildren(note);
  notes.scrollIntoView({ block: "nearest" });
}
document.addEventListener("htmx:sendError", () => tell(document.body.dataset.wordsOffline));
document.addEventListener("htmx:timeout", () => tell(document.body.dataset.wordsOffline));
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status === 401) location.reload();
  else tell(document.body.dataset.wordsFailed);
});

for (const form of document.querySelectorAll("form[data-booking-form]")) bookingForm(form, htmx);
for (const list of document.querySelectorAll("[data-row-list]")) rows(list);

// A part that renews itself waits while somebody answers a question inside it.
document.addEventListener("htmx:beforeRequest", (event) => {
  const renewed = event.target;
  if (renewed.hasAttribute("data-waits-for-dialogs") && renewed.querySelector("dialog[open]")) event.preventDefault();
});
