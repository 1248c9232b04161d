// Moving and lengthening a bar: by mouse, by keyboard or by its menu, always with a preview before anything is saved.
import { DAY, FIRST_HOUR, HOURS, QUARTER, hour, later, sameDay, wall, written } from "./axis.js";
import { inTheWay } from "./rows.js";

const FAR = 4;
const HOLD = 500;

export class Moves {
  constructor(timeline) {
    this.timeline = timeline;
    this.axis = timeline.axis;
    this.ghost = Object.assign(document.createElement("div"), { className: "tl-choice tl-ghost" });
    this.dialog = document.getElementById("tl-move");
    this.menu = timeline.root.querySelector(".tl-menu");
    this.moved = null;
    if (!this.menu) return;
    this.menu.addEventListener("keydown", (event) => this.menuKey(event));
    this.menu.addEventListener("click", (event) => this.chosen(event));
    this.menu.addEventListener("focusout", ({ relatedTarget }) => !this.menu.contains(relatedTarget) && (this.menu.hidden = true));
  }

  begin(bar) {
    const { ref, line, rev, takes, from, to } = bar.dataset;
    const track = bar.closest(".tl-track");
    const own = { reference: ref, takes: Number(takes), track, from: this.axis.place(wall(from)), to: this.axis.place(wall(to)) };
    this.moved = { bar, ref, line, rev, own, track, from: wall(from), to: wall(to), oldFrom: wall(from), oldTo: wall(to) };
    bar.classList.add("leaving");
    this.draw();
  }
  draw() {
    const { track, from, to } = this.moved;
    const [begins, ends] = [this.axis.place(from), this.axis.place(to)];
    this.ghost.style.left = `${(begins / this.axis.quarters) * 100}%`;
    this.ghost.style.width = `${((ends - begins) / this.axis.quarters) * 100}%`;
    this.ghost.classList.toggle("clashes", Boolean(this.clash()));
    this.ghost.textContent = `${hour(from)}–${hour(to)}`;
    if (this.ghost.parentNode !== track) track.append(this.ghost);
  }
  clash() {
    const { track, from, to, own } = this.moved;
    return inTheWay(track, this.axis, this.timeline.columns, this.axis.place(from), this.axis.place(to), own);
  }
  sentence() {
    const { track, from, to } = this.moved;
    const clash = this.clash();
    const words = clash ? clash.bar.title || clash.words : this.timeline.words.free;
    return `${track.dataset.name}, ${this.axis.name(from)}, ${hour(from)}–${hour(to)}: ${words}`;
  }
  // By minutes, ends apart or together; an event of one day stays within the hours drawn.
  shift(first, last) {
    const { from, to } = this.moved;
    const begins = later(from, first);
    const ends = later(to, last);
    if (ends - begins < QUARTER * 60000) return;
    if (sameDay(from, to) && (!sameDay(begins, ends) || minutes(begins) < FIRST_HOUR * 60 || endMinutes(ends) > (FIRST_HOUR + HOURS) * 60)) return;
    Object.assign(this.moved, { from: begins, to: ends });
    this.draw();
  }
  drop({ focus = true } = {}) {
    if (!this.moved) return;
    const { bar, ref } = this.moved;
    bar.classList.remove("leaving");
    this.ghost.remove();
    this.moved = null;
    if (this.dialog.open) this.dialog.close();
    const there = bar.isConnected ? bar : this.bar(ref);
    if (focus && there) this.timeline.settleOn(there);
    this.timeline.say(this.timeline.words.kept);
  }

  // Keyboard: on a bar the arrows move it, with Shift they change its end.
  key(event) {
    const bar = event.target.closest("a.tl-bar");
    if (!bar || event.altKey || event.metaKey || event.ctrlKey) return false;
    if (event.key === "Enter") {
      event.preventDefault();
      if (this.moved) this.preview();
      else this.open(bar);
      return true;
    }
    if (event.key === "Tab" && this.moved) this.drop({ focus: false });
    if (event.key === "Escape") {
      if (this.moved) this.drop();
      else bar.closest(".tl-track").focus();
      return true;
    }
    const step = { ArrowLeft: -QUARTER, ArrowRight: QUARTER, PageUp: -1440, PageDown: 1440 }[event.key];
    const rows = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step && !rows) return false;
    event.preventDefault();
    if (!("line" in bar.dataset)) return true;
    const begun = !this.moved;
    if (begun) this.begin(bar);
    if (rows) this.turn(rows).then(() => this.tell(begun));
    else {
      this.shift(event.shiftKey ? 0 : step, step);
      this.tell(begun);
    }
    return true;
  }
  tell(begun) {
    if (this.moved) this.timeline.say(`${begun ? `${this.timeline.words.moving} ` : ""}${this.sentence()}`);
  }
  async turn(by) {
    const { track } = this.moved;
    const rows = this.timeline.rows;
    let next = track;
    do next = by > 0 ? await rows.next(next) : rows.before(next);
    while (next && next.dataset.kind !== track.dataset.kind);
    if (!next || !this.moved) return;
    this.moved.track = next;
    this.draw();
    this.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  bar(ref, code = null) {
    const row = (code && this.timeline.rows.track(code)) || this.timeline.root;
    return row.querySelector(`a.tl-bar.of-${CSS.escape(ref)}`);
  }

  // Mouse: the middle of a bar moves it, an edge changes that end. A short press follows the link.
  press(bar, event) {
    if (event.pointerType === "touch") return this.held(bar, event);
    if (!("line" in bar.dataset)) return;
    const start = { x: event.clientX, y: event.clientY, quarter: this.axis.at(bar.closest(".tl-track"), event.clientX) };
    const edge = this.edge(bar, event.clientX);
    const drag = (now) => {
      if (!this.moved && Math.hypot(now.clientX - start.x, now.clientY - start.y) < FAR) return;
      if (!this.moved) this.begin(bar);
      this.follow(now, start, edge);
    };
    const leave = ({ key }) => {
      if (key !== "Escape") return;
      this.drop();
      end();
    };
    const end = () => {
      removeEventListener("pointermove", drag);
      removeEventListener("pointerup", end);
      removeEventListener("keydown", leave, true);
      if (!this.moved) return;
      noClick({ released: true });
      const { from, to, oldFrom, oldTo, track, own } = this.moved;
      if (+from === +oldFrom && +to === +oldTo && track === own.track) this.drop();
      else this.preview();
    };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", end);
    addEventListener("keydown", leave, true);
  }
  edge(bar, x) {
    const { left, right, width } = bar.getBoundingClientRect();
    const near = Math.min(8, width / 4);
    const track = bar.closest(".tl-track").getBoundingClientRect();
    if (x - left < near && left > track.left + 1) return "from";
    return right - x < near && right < track.right - 1 ? "to" : "both";
  }
  follow(now, start, edge) {
    const { oldFrom, oldTo, own } = this.moved;
    const under = document.elementsFromPoint(now.clientX, now.clientY).find((part) => part.matches?.(".tl-track"));
    const track = edge === "both" && under?.dataset.kind === own.track.dataset.kind ? under : this.moved.track;
    const quarter = this.axis.at(track, now.clientX);
    const days = Math.floor(quarter / DAY) - Math.floor(start.quarter / DAY);
    const by = days * 1440 + ((quarter % DAY) - (start.quarter % DAY)) * QUARTER;
    const kept = { from: oldFrom, to: oldTo };
    Object.assign(this.moved, kept, { track });
    this.shift(edge === "to" ? 0 : snapped(oldFrom, by), edge === "from" ? 0 : edge === "to" ? snapped(oldTo, by) : snapped(oldFrom, by));
    this.draw();
  }
  held(bar, event) {
    const forget = () => clearTimeout(timer);
    const timer = setTimeout(() => {
      noClick({ released: false });
      this.open(bar);
    }, HOLD);
    for (const over of ["pointerup", "pointercancel"]) addEventListener(over, forget, { once: true });
    const moved = (now) => Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) > 10 && forget();
    addEventListener("pointermove", moved);
    addEventListener("pointerup", () => removeEventListener("pointermove", moved), { once: true });
  }

  // The menu of a bar.
  open(bar) {
    const movable = "line" in bar.dataset;
    if (!movable) return bar.click();
    this.of = bar;
    this.menu.querySelector("[data-of]").textContent = bar.title;
    this.menu.querySelector("[data-open]").href = bar.href;
    this.menu.hidden = false;
    const place = bar.getBoundingClientRect();
    const box = this.menu.getBoundingClientRect();
    this.menu.style.left = `${Math.max(8, Math.min(place.left, innerWidth - box.width - 8))}px`;
    this.menu.style.top = `${place.bottom + box.height + 8 > innerHeight ? Math.max(8, place.top - box.height - 4) : place.bottom + 4}px`;
    this.choices()[0].focus();
  }
  choices() {
    return [...this.menu.querySelectorAll("[role=menuitem]")];
  }
  menuKey(event) {
    const choices = this.choices();
    const at = choices.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: choices.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      choices[(to + choices.length) % choices.length].focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.menu.hidden = true;
      this.of.focus();
    }
    event.stopPropagation();
  }
  chosen({ target }) {
    if (target.closest("[data-move]")) {
      this.menu.hidden = true;
      this.of.focus();
      this.begin(this.of);
      this.tell(true);
    } else if (target.closest("[data-edit]")) {
      this.menu.hidden = true;
      this.begin(this.of);
      this.preview();
    }
  }

  // The dialog: before and after, and then the deed.
  async preview() {
    const { ref, line, rev, track, from, to } = this.moved;
    const asked = { reference: ref, line, revision: rev, resource: track.dataset.code, starts_at: written(from), ends_at: written(to) };
    await this.fill(this.timeline.root.dataset.moveAt, new URLSearchParams(asked));
  }
  async fill(address, body) {
    const number = (this.asked = (this.asked ?? 0) + 1);
    const csrf = JSON.parse(document.body.getAttribute("hx-headers"));
    const headers = { ...csrf, "HX-Request": "true" };
    const answer = await fetch(address, { method: "POST", body, headers, credentials: "same-origin" }).catch(() => null);
    if (answer?.status === 401) location.reload();
    if (answer?.headers.get("Content-Type")?.includes("json") && answer.ok) return this.done(await answer.json());
    const shell = document.createElement("template");
    shell.innerHTML = answer ? await answer.text() : "";
    // Whoever has typed on meanwhile asks anew: only the last answer counts.
    if (!this.moved || number !== this.asked) return;
    const form = shell.content.querySelector("[data-move-form]");
    if (!form) {
      this.drop();
      this.timeline.say(this.timeline.words.failed);
      return;
    }
    if (answer.status === 422 && form.method === "dialog" && this.object(form.querySelector(".note"))) return;
    this.refill(shell.content, body);
    if (answer.status === 409) await this.timeline.rows.renew([this.moved.own.track.dataset.code]);
  }
  // What cannot be read (an end before the start) is said above the fields, and nothing typed is lost.
  object(note) {
    const fields = this.dialog.open && this.dialog.querySelector(".fields");
    if (!fields) return false;
    this.dialog.querySelector(".fields ~ .tl-before-after")?.remove();
    for (const old of this.dialog.querySelectorAll(".ask-body > .note")) old.remove();
    fields.before(note);
    this.dialog.querySelector("button[type=submit]").disabled = true;
    return true;
  }
  refill(content, sent) {
    const focused = this.dialog.open ? document.activeElement?.id : null;
    const before = this.dialog.open && this.dialog.querySelector("form[data-move-form][action]");
    const typed = before ? [...new FormData(before)].filter(([name, value]) => sent.get(name) !== value) : [];
    this.dialog.replaceChildren(content);
    const form = this.dialog.querySelector("form");
    for (const [name, value] of typed) if (form.elements[name] && name !== "csrf_token") form.elements[name].value = value;
    this.bind();
    if (!this.dialog.open) this.dialog.showModal();
    const wanted = (focused && document.getElementById(focused)) || this.dialog.querySelector("button[type=submit]:not(:disabled)");
    (wanted ?? this.dialog.querySelector("[data-drop-move]")).focus();
  }
  bind() {
    const form = this.dialog.querySelector("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.fill(form.action, new FormData(form));
    });
    const { starts_at: starts, ends_at: ends } = form.elements;
    let begins = starts?.value;
    form.addEventListener("change", ({ target }) => {
      // A later start takes the end along, as people mean it.
      if (target === starts && starts.value && begins && ends.value) ends.value = written(later(wall(ends.value), (wall(starts.value) - wall(begins)) / 60000));
      begins = starts?.value || begins;
      if (form.checkValidity()) this.fill(this.timeline.root.dataset.moveAt, new FormData(form));
    });
    this.dialog.querySelector("[data-drop-move]").addEventListener("click", () => this.drop());
    this.dialog.oncancel = () => this.drop();
    // No value goes back: `false` from such a handler would keep the buttons from working.
    this.dialog.onclick = ({ target }) => {
      if (target === this.dialog) this.drop();
    };
  }
  async done({ words, codes }) {
    const { ref, track } = this.moved;
    this.ghost.remove();
    this.moved.bar.classList.remove("leaving");
    this.moved = null;
    this.dialog.close();
    await this.timeline.rows.renew([...new Set([...codes, track.dataset.code])]);
    const bar = this.bar(ref, track.dataset.code);
    if (bar) this.timeline.settleOn(bar);
    this.timeline.say(words);
  }
}

// The click that ends a drag or a long press follows no link.
function noClick({ released }) {
  const eat = (click) => click.preventDefault();
  addEventListener("click", eat, { once: true, capture: true });
  const free = () => setTimeout(() => removeEventListener("click", eat, true), 60);
  if (released) free();
  else addEventListener("pointerup", free, { once: true });
}

const minutes = (time) => time.getUTCHours() * 60 + time.getUTCMinutes();
const endMinutes = (time) => minutes(time) || 1440;
// The end that moves lands on a quarter.
const snapped = (time, by) => Math.round((minutes(time) + by) / QUARTER) * QUARTER - minutes(time);
