// Choosing a time on the timeline: by mouse, by finger or by keyboard, always the same choice and the same dock.
const QUARTER = 15;
const FIRST_HOUR = 6;
const HOURS = 16;
const DAY = HOURS * 4;

class Timeline {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    this.days = this.words.days;
    this.quarters = this.days.length * DAY;
    this.tracks = [...root.querySelectorAll(".tl-track")];
    this.dock = root.querySelector(".tl-dock");
    this.live = root.querySelector("[aria-live]");
    this.cursor = Object.assign(document.createElement("div"), { className: "tl-cursor" });
    this.box = Object.assign(document.createElement("div"), { className: "tl-choice" });
    root.style.setProperty("--quarters", this.quarters);
    this.at = this.startingPoint();
    this.row = 0;
    this.choice = null;
    if (this.tracks.length && root.dataset.mayBook === "yes") this.listen();
    this.follow();
  }

  startingPoint() {
    const today = this.days.findIndex((day) => day.today);
    return Math.max(0, today) * DAY + (8 - FIRST_HOUR) * 4;
  }

  listen() {
    this.tracks[0].tabIndex = 0;
    const grid = this.root.querySelector(".tl-grid");
    grid.addEventListener("keydown", (event) => this.key(event));
    grid.addEventListener("focusin", ({ target }) => target.matches(".tl-track") && this.enter(target));
    grid.addEventListener("focusout", ({ relatedTarget }) => !grid.contains(relatedTarget) && this.cursor.remove());
    grid.addEventListener("pointerdown", (event) => this.press(event));
    this.dock.addEventListener("click", ({ target }) => this.docked(target.closest("button")));
    this.dock.addEventListener("keydown", (event) => event.key === "Escape" && this.forget());
  }

  // Where things are
  quarterAt(track, x) {
    const edge = track.getBoundingClientRect();
    const share = (x - edge.left) / edge.width;
    return Math.min(this.quarters - 1, Math.max(0, Math.floor(share * this.quarters)));
  }
  clock(quarter, isEnd = false) {
    let day = Math.floor(quarter / DAY);
    let within = quarter % DAY;
    if (isEnd && within === 0) { day -= 1; within = DAY; }
    const minutes = FIRST_HOUR * 60 + within * QUARTER;
    const two = (n) => String(n).padStart(2, "0");
    return { day: this.days[day], time: `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}` };
  }
  local(quarter, isEnd) {
    const { day, time } = this.clock(quarter, isEnd);
    return `${day.date}T${time}`;
  }
  spans(track) {
    if (!track.spans) {
      const columns = Number(getComputedStyle(this.root).getPropertyValue("--cols"));
      track.spans = [...track.querySelectorAll("[data-busy]")].map((bar) => {
        const style = getComputedStyle(bar);
        const from = (Number(style.getPropertyValue("--c")) / columns) * this.quarters;
        return { from, to: from + (Number(style.getPropertyValue("--n")) / columns) * this.quarters, words: bar.dataset.busy };
      });
    }
    return track.spans;
  }
  busy(track, from, to) {
    return this.spans(track).find((span) => span.from < to && from < span.to);
  }

  // Keyboard
  enter(track) {
    this.row = this.tracks.indexOf(track);
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
      " ": () => this.toggle(), Enter: () => this.toggle(), Escape: () => this.forget(),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }
  move(by) {
    this.at = Math.min(this.quarters - 1, Math.max(0, this.at + by));
    if (this.choice?.open) this.extend(this.at);
    this.show();
    this.say(this.choice?.open ? this.sentence() : this.describe());
  }
  turn(by) {
    if (this.choice?.open) return;
    const next = Math.min(this.tracks.length - 1, Math.max(0, this.row + by));
    this.tracks[this.row].tabIndex = -1;
    this.tracks[next].tabIndex = 0;
    this.tracks[next].focus();
  }
  toggle() {
    if (this.choice?.open) return this.settle();
    this.begin(this.tracks[this.row], this.at);
    this.say(`${this.words.started} ${this.sentence()}`);
  }
  show() {
    const track = this.tracks[this.row];
    this.cursor.style.setProperty("--c", `calc(${this.at} * var(--cols) / var(--quarters))`);
    track.append(this.cursor);
    this.cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  describe() {
    const track = this.tracks[this.row];
    const { day, time } = this.clock(this.at);
    return `${track.dataset.name}, ${day.name} ${time}: ${this.busy(track, this.at, this.at + 1)?.words ?? this.words.free}`;
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
    this.box.style.left = `${(from / this.quarters) * 100}%`;
    this.box.style.width = `${((to - from) / this.quarters) * 100}%`;
    this.box.classList.toggle("clashes", Boolean(this.busy(track, from, to)));
    this.box.textContent = `${this.clock(from).time}–${this.clock(to, true).time}`;
  }
  sentence() {
    const { track, from, to } = this.choice;
    const clash = this.busy(track, from, to);
    return `${track.dataset.name}, ${this.clock(from).day.name}, ${this.clock(from).time}–${this.clock(to, true).time}${clash ? `. ${clash.words}` : ""}`;
  }
  settle({ focus = true } = {}) {
    this.choice.open = false;
    const { track, from, to } = this.choice;
    const clash = this.busy(track, from, to);
    const part = (name) => this.dock.querySelector(`[data-${name}]`);
    part("resource").textContent = track.dataset.name;
    part("period").textContent = `${this.clock(from).day.name}, ${this.clock(from).time}–${this.clock(to, true).time}`;
    part("clash").hidden = !clash;
    part("clash").textContent = clash ? clash.words : "";
    const address = new URL(this.root.dataset.bookAt, location.href);
    address.search = new URLSearchParams({ resource: track.dataset.code, starts_at: this.local(from), ends_at: this.local(to, true) });
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

  // Mouse and finger: a mouse drags; a finger taps an hour and lengthens it in the dock.
  press(event) {
    const track = event.target.closest(".tl-track");
    if (!track || event.button !== 0 || event.target.closest("a")) return;
    const quarter = this.quarterAt(track, event.clientX);
    this.row = this.tracks.indexOf(track);
    this.at = quarter;
    if (event.pointerType === "touch") {
      track.addEventListener("click", () => this.tap(track, quarter), { once: true });
      return;
    }
    event.preventDefault();
    this.begin(track, quarter);
    const drag = (moved) => this.extend(this.quarterAt(track, moved.clientX));
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

  // The line of the present moves without a reload.
  follow() {
    const lines = this.root.querySelectorAll(".tl-now");
    if (!lines.length) return;
    const start = performance.now();
    const columns = Number(getComputedStyle(this.root).getPropertyValue("--cols"));
    const from = Number(getComputedStyle(lines[0]).getPropertyValue("--c"));
    const perMinute = columns / (this.days.length * HOURS * 60);
    setInterval(() => {
      const now = from + ((performance.now() - start) / 60000) * perMinute;
      for (const line of lines) line.style.setProperty("--c", now);
    }, 60000);
  }
}

for (const root of document.querySelectorAll("[data-timeline]:has(.tl-grid)")) new Timeline(root);

// The chosen day opens at working hours, not at six in the morning, where the screen is narrow.
for (const scroll of document.querySelectorAll(".tl-scroll")) {
  const hours = scroll.querySelector(".tl-hours");
  const now = scroll.querySelector(".tl-head .tl-now");
  if (!hours || scroll.scrollWidth <= scroll.clientWidth) continue;
  const isDay = scroll.closest("[data-view='day']");
  scroll.scrollLeft = now ? Math.max(0, now.offsetLeft - scroll.clientWidth / 4) : isDay ? (hours.clientWidth * 7.75 - 6 * hours.clientWidth) / HOURS : 0;
}
