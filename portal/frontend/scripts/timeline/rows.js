// The rows of a sheet: the first stand in the page, further ones are drawn as they come into sight.
// So many rows join the page at once: more would hold up the scrolling.
const SLICE = 5;
const asked = { headers: { "HX-Request": "true" }, credentials: "same-origin" };

export class Rows {
  constructor(root, address, drawn) {
    this.root = root;
    this.address = address;
    this.drawn = drawn;
    this.loading = new Map();
    this.seen = new IntersectionObserver(
      (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => this.load(target)),
      { rootMargin: "700px 0px", scrollMargin: "700px 0px" },
    );
    this.gather();
    this.measure();
    for (const further of this.further()) {
      further.style.setProperty("--size", further.dataset.size);
      this.seen.observe(further);
    }
    drawn(root);
  }
  further() {
    return [...this.root.querySelectorAll(".tl-further")];
  }
  tracks() {
    return [...this.root.querySelectorAll(".tl-track")];
  }
  // Rows stand in sets: the browser passes over a whole set out of sight instead of row by row.
  gather() {
    for (let rows = this.loose(); rows.length; rows = this.loose()) {
      const set = aSet(rows.length);
      rows[0].before(set);
      set.append(...rows);
    }
  }
  // The first rows that stand in no set and follow one another.
  loose() {
    const rows = [];
    let row = this.root.querySelector(".tl-grid > .tl-row");
    for (; row?.matches(".tl-row") && rows.length < SLICE; row = row.nextElementSibling) rows.push(row);
    return rows;
  }
  // What is not drawn yet is as tall as the rows drawn are on average.
  measure() {
    const rows = this.root.querySelectorAll(".tl-row, .tl-listed");
    if (!rows.length) return;
    const first = rows[0].getBoundingClientRect();
    const last = rows[rows.length - 1].getBoundingClientRect();
    this.root.querySelector(".tl-body").style.setProperty("--average", `${(last.bottom - first.top) / rows.length}px`);
  }
  load(further, slice = SLICE) {
    const from = further.dataset.from;
    if (!this.loading.has(from)) this.loading.set(from, this.fetched(further, from, slice));
    return this.loading.get(from);
  }
  async fetched(further, from, slice) {
    this.seen.unobserve(further);
    const parts = await this.ask({ from });
    if (!parts) {
      this.loading.delete(from);
      return;
    }
    const known = new Set(this.tracks().map((track) => track.dataset.code));
    for (const row of parts.querySelectorAll(".tl-row")) {
      // The catalogue may have grown meanwhile: nothing is drawn twice.
      if (known.has(row.querySelector(".tl-track").dataset.code)) row.remove();
    }
    for (let left = parts.children.length; left > 0 && further.isConnected; left = parts.children.length) {
      const some = document.createDocumentFragment();
      some.append(...[...parts.children].slice(0, slice));
      this.drawn(some);
      const headings = some.querySelectorAll(".tl-group");
      further.before(some);
      this.gather();
      for (const heading of headings) window.htmx.process(heading);
      further.style.setProperty("--size", left - slice);
      if (left > slice) await aFrame();
    }
    further.remove();
  }
  async ask(query) {
    const address = new URL(this.address, location.href);
    for (const [name, value] of Object.entries(query)) {
      address.searchParams.delete(name);
      for (const one of [value].flat()) address.searchParams.append(name, one);
    }
    const answer = await fetch(address, asked).catch(() => null);
    if (answer?.status === 401) location.reload();
    if (!answer?.ok) return null;
    const shell = document.createElement("template");
    shell.innerHTML = await answer.text();
    return shell.content;
  }
  async next(after) {
    const places = [...this.root.querySelectorAll(".tl-track, .tl-further")];
    const beside = places[places.indexOf(after) + 1];
    if (!beside?.matches(".tl-further")) return beside ?? null;
    await this.load(beside);
    return after.isConnected && !beside.isConnected ? this.next(after) : null;
  }
  before(track) {
    const tracks = this.tracks();
    return tracks[tracks.indexOf(track) - 1] ?? null;
  }
  async all() {
    for (const further of this.further()) await this.load(further, Infinity);
  }
  // Rows drawn anew, in the places of the old ones.
  async renew(codes) {
    const here = codes.filter((code) => this.track(code));
    if (!here.length) return;
    const parts = await this.ask({ code: here });
    if (!parts) return;
    this.drawn(parts);
    for (const fresh of parts.querySelectorAll(".tl-row")) {
      const old = this.track(fresh.querySelector(".tl-track").dataset.code)?.closest(".tl-row");
      if (!old) continue;
      fresh.setAttribute("aria-rowindex", old.getAttribute("aria-rowindex"));
      old.replaceWith(fresh);
    }
  }
  track(code) {
    return this.root.querySelector(`.tl-track[data-code="${CSS.escape(code)}"]`);
  }
}

function aSet(rows) {
  const set = document.createElement("div");
  set.className = "tl-set";
  set.role = "rowgroup";
  set.style.setProperty("--rows", rows);
  return set;
}

// The next frame; where none is drawn, as in a window out of sight, a moment.
function aFrame() {
  return new Promise((resolve) => {
    requestAnimationFrame(resolve);
    setTimeout(resolve, 100);
  });
}

// What lies in the way on a track, from one quarter to another; `own` is a booking that moves itself.
export function inTheWay(track, axis, columns, from, to, own = null) {
  if (!track.spans) {
    track.spans = [...track.querySelectorAll("[data-busy], [data-free]")].map((bar) => {
      const style = getComputedStyle(bar);
      const begins = (Number(style.getPropertyValue("--c")) / columns) * axis.quarters;
      const length = (Number(style.getPropertyValue("--n")) / columns) * axis.quarters;
      return { bar, from: begins, to: begins + length, words: bar.dataset.busy || bar.textContent };
    });
  }
  return track.spans.find((span) => {
    if (span.from >= to || from >= span.to) return false;
    if (own && span.bar.classList.contains(`of-${own.reference}`)) return false;
    if (!("free" in span.bar.dataset)) return true;
    const back = own && own.track === track && own.from < span.to && span.from < own.to ? own.takes : 0;
    return Number(span.bar.dataset.free) + back < (own?.takes ?? 1);
  });
}
