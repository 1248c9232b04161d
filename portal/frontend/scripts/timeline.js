// The timeline: choosing a free time and moving what is booked, by mouse, by finger or by keyboard.
import { Axis, DAY, FIRST_HOUR, HOURS } from "./timeline/axis.js";
import { Moves } from "./timeline/moves.js";
import { Rows, inTheWay } from "./timeline/rows.js";

class Timeline {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    this.live = root.querySelector(".tl-live");
    this.body = root.querySelector(".tl-body");
    this.rows = new Rows(root, this.words.rows, (parts) => this.drawn(parts));
    if (root.dataset.view === "month" || root.dataset.as === "list") return;
    this.axis = new Axis(this.words.days);
    this.columns = Number(getComputedStyle(root).getPropertyValue("--cols"));
    this.dock = root.querySelector(".tl-dock");
    this.cursor = Object.assign(document.createElement("div"), { className: "tl-cursor" });
    this.box = Object.assign(document.createElement("div"), { className: "tl-choice" });
    this.body.style.setProperty("--quarters", this.axis.quarters);
    this.mayBook = root.dataset.mayBook === "yes";
    this.at = this.startingPoint();
    this.choice = null;
    this.moves = new Moves(this);
    this.track = root.querySelector(".tl-track");
    if (this.track) this.listen();
    this.follow();
  }

  startingPoint() {
    const today = this.axis.days.findIndex((day) => day.today);
    return Math.max(0, today) * DAY + (8 - FIRST_HOUR) * 4;
  }
  // Only the row one is in lets Tab into its bars: a thousand rows are no thousand stops.
  drawn(parts) {
    if (this.root.dataset.as === "rows") for (const link of parts.querySelectorAll(".tl-row a")) link.tabIndex = -1;
  }
  listen() {
    this.standOn(this.track);
    const grid = this.root.querySelector(".tl-grid");
    grid.addEventListener("keydown", (event) => this.moves.key(event) || this.key(event));
    grid.addEventListener("focusin", ({ target }) => this.entered(target));
    grid.addEventListener("focusout", ({ relatedTarget }) => !grid.contains(relatedTarget) && this.cursor.remove());
    grid.addEventListener("pointerdown", (event) => this.press(event));
    grid.addEventListener("dragstart", (event) => event.preventDefault());
    grid.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.target.closest("a.tl-bar") && event.preventDefault());
    this.dock.addEventListener("click", ({ target }) => this.docked(target.closest("button")));
    this.dock.addEventListener("keydown", (event) => event.key === "Escape" && this.forget());
  }

  standOn(track) {
    for (const part of [this.track, ...this.linksOf(this.track)]) part.tabIndex = -1;
    this.track = track;
    for (const part of [track, ...this.linksOf(track)]) part.tabIndex = 0;
  }
  linksOf(track) {
    return track.closest(".tl-row")?.querySelectorAll("a") ?? [];
  }
  settleOn(bar) {
    this.standOn(bar.closest(".tl-track"));
    bar.focus();
  }
  busy(track, from, to) {
    return inTheWay(track, this.axis, this.columns, from, to);
  }

  // Keyboard
  entered(target) {
    const track = target.closest(".tl-track");
    if (!track || this.moves.moved) return;
    if (track !== this.track) this.standOn(track);
    if (target !== track) {
      this.cursor.remove();
      return this.say(`${target.title}. ${"line" in target.dataset ? this.words.opens : ""}`);
    }
    this.show();
    this.say(this.describe());
  }
  key(event) {
    if (!event.target.matches(".tl-track") || event.altKey || event.metaKey) return;
    const hour = event.ctrlKey || event.shiftKey ? 4 : 1;
    const moves = {
      ArrowLeft: () => this.move(-hour), ArrowRight: () => this.move(hour),
      ArrowUp: () => this.turn(-1), ArrowDown: () => this.turn(1),
      Home: () => this.move(-(this.at % DAY)), End: () => this.move(DAY - 1 - (this.at % DAY)),
      PageUp: () => this.move(-DAY), PageDown: () => this.move(DAY),
      " ": () => this.toggle(), Enter: () => this.toggle(), Escape: () => this.choice && this.forget(),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }
  move(by) {
    this.at = Math.min(this.axis.quarters - 1, Math.max(0, this.at + by));
    if (this.choice?.open) this.extend(this.at);
    this.show();
    this.say(this.choice?.open ? this.sentence() : this.describe());
  }
  async turn(by) {
    if (this.choice?.open) return;
    const next = by > 0 ? await this.rows.next(this.track) : this.rows.before(this.track);
    if (next) {
      this.standOn(next);
      next.focus();
    }
  }
  toggle() {
    if (!this.mayBook) return;
    if (this.choice?.open) return this.settle();
    this.begin(this.track, this.at);
    this.say(`${this.words.started} ${this.sentence()}`);
  }
  show() {
    this.cursor.style.setProperty("--c", `calc(${this.at} * var(--cols) / var(--quarters))`);
    this.track.append(this.cursor);
    this.cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  describe() {
    const { day, time } = this.axis.clock(this.at);
    const there = this.busy(this.track, this.at, this.at + 1);
    return `${this.track.dataset.name}, ${day.name} ${time}: ${there ? there.bar.title || there.words : this.words.free}`;
  }

  // The choice
  begin(track, quarter) {
    this.choice = { track, anchor: quarter, from: quarter, to: quarter + 1, open: true };
    track.append(this.box);
    this.dock.hidden = true;
    this.draw();
  }
  extend(quarter) {
    const { anchor } = this.choice;
    // A booking stays within its day: nights belong to nobody's mouse.
    const first = Math.floor(anchor / DAY) * DAY;
    const bounded = Math.min(first + DAY - 1, Math.max(first, quarter));
    Object.assign(this.choice, { from: Math.min(anchor, bounded), to: Math.max(anchor, bounded) + 1 });
    this.draw();
  }
  draw() {
    const { from, to, track } = this.choice;
    this.box.style.left = `${(from / this.axis.quarters) * 100}%`;
    this.box.style.width = `${((to - from) / this.axis.quarters) * 100}%`;
    this.box.classList.toggle("clashes", Boolean(this.busy(track, from, to)));
    this.box.textContent = `${this.axis.clock(from).time}–${this.axis.clock(to, true).time}`;
  }
  sentence() {
    const { track, from, to } = this.choice;
    const clash = this.busy(track, from, to);
    const { day, time } = this.axis.clock(from);
    return `${track.dataset.name}, ${day.name}, ${time}–${this.axis.clock(to, true).time}${clash ? `. ${clash.words}` : ""}`;
  }
  settle({ focus = true } = {}) {
    this.choice.open = false;
    const { track, from, to } = this.choice;
    const clash = this.busy(track, from, to);
    const { day, time } = this.axis.clock(from);
    const part = (name) => this.dock.querySelector(`[data-${name}]`);
    part("resource").textContent = track.dataset.name;
    part("period").textContent = `${day.name}, ${time}–${this.axis.clock(to, true).time}`;
    part("clash").hidden = !clash;
    part("clash").textContent = clash ? clash.words : "";
    const address = new URL(this.root.dataset.bookAt, location.href);
    address.search = new URLSearchParams({ resource: track.dataset.code, starts_at: this.axis.local(from), ends_at: this.axis.local(to, true) });
    part("book").href = address.href;
    this.dock.hidden = false;
    this.say(`${this.words.ended} ${this.sentence()}`);
    if (focus) part("book").focus();
  }
  docked(button) {
    if (!button) return;
    if (button.dataset.change) {
      const first = Math.floor(this.choice.from / DAY) * DAY;
      this.choice.to = Math.min(first + DAY, Math.max(this.choice.from + 1, this.choice.to + Number(button.dataset.change)));
      this.draw();
      this.settle({ focus: false });
    } else this.forget();
  }
  forget() {
    const track = this.choice?.track;
    this.choice = null;
    this.box.remove();
    this.dock.hidden = true;
    this.say(this.words.dropped);
    track?.focus();
  }

  // Mouse and finger: a mouse drags; a finger taps an hour and lengthens it in the dock, or holds a bar for its menu.
  press(event) {
    const track = event.target.closest(".tl-track");
    if (!track || event.button !== 0) return;
    const bar = event.target.closest("a.tl-bar");
    if (bar) return this.moves.press(bar, event);
    if (!this.mayBook) return;
    const quarter = this.axis.at(track, event.clientX);
    this.standOn(track);
    this.at = quarter;
    if (event.pointerType === "touch") {
      track.addEventListener("click", () => this.tap(track, quarter), { once: true });
      return;
    }
    event.preventDefault();
    this.begin(track, quarter);
    const drag = (moved) => this.extend(this.axis.at(track, moved.clientX));
    const drop = () => {
      removeEventListener("pointermove", drag);
      if (this.choice.to - this.choice.from === 1) this.stretch();
      this.settle();
    };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", drop, { once: true });
  }
  tap(track, quarter) {
    this.begin(track, quarter - (quarter % 4));
    this.stretch();
    this.settle({ focus: false });
  }
  stretch() {
    const first = Math.floor(this.choice.from / DAY) * DAY;
    this.choice.to = Math.min(first + DAY, this.choice.from + 4);
    this.draw();
  }

  say(words) {
    this.live.textContent = words;
  }

  // The line of the present moves without a reload, in rows drawn later too.
  follow() {
    const line = this.root.querySelector(".tl-now");
    if (!line) return;
    const start = performance.now();
    const from = Number(getComputedStyle(line).getPropertyValue("--c"));
    const perMinute = this.columns / (this.axis.days.length * HOURS * 60);
    const timer = setInterval(() => {
      if (!this.root.isConnected) return clearInterval(timer);
      this.body.style.setProperty("--now", from + ((performance.now() - start) / 60000) * perMinute);
    }, 60000);
  }
}

const started = new WeakMap();

function start() {
  for (const root of document.querySelectorAll("[data-timeline]:has(script[type='application/json'])")) {
    if (started.has(root)) continue;
    started.set(root, new Timeline(root));
    for (const scroll of root.querySelectorAll(".tl-scroll")) atWork(scroll);
  }
}

// The chosen day opens at working hours, not at six in the morning, where the screen is narrow.
function atWork(scroll) {
  const hours = scroll.querySelector(".tl-hours");
  const now = scroll.querySelector(".tl-head .tl-now");
  const today = scroll.querySelector(".tl-hours .today");
  if (!hours || scroll.scrollWidth <= scroll.clientWidth) return;
  const isDay = scroll.closest("[data-view='day']");
  const at = now ?? (isDay ? null : today);
  scroll.scrollLeft = at ? Math.max(0, at.offsetLeft - scroll.clientWidth / 4) : isDay ? (hours.clientWidth * 7.75 - 6 * hours.clientWidth) / HOURS : 0;
}

start();
document.addEventListener("htmx:load", start);

// On paper stands every row, also those that nobody has scrolled to.
document.addEventListener("click", async ({ target }) => {
  if (!target.closest("[data-tl-print]")) return;
  await started.get(document.querySelector("[data-timeline]"))?.rows.all();
  window.print();
});
