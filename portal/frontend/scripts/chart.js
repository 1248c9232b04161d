// Charts of readings: lines with their bands, the site's clock, outages and bookings on the axis.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const colour = (name) => {
  // A canvas cannot read light-dark(): let the browser resolve the token first.
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};

const UNITS = ["", "k", "M", "G", "T"];
function short(value, unit) {
  if (value == null) return "–";
  if (unit === "%") return `${Math.round(value)} %`;
  let step = 0;
  while (Math.abs(value) >= 1000 && step < UNITS.length - 1) { value /= 1000; step += 1; }
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[step]}${unit}`;
}

const LIVE_SECONDS = 30;
const tinted = (ink, share) => ink.replace(")", ` / ${share})`);

async function ask(address, window) {
  const asked = new URL(address, location.href);
  if (window) {
    asked.searchParams.set("from", window[0]);
    asked.searchParams.set("to", window[1]);
  }
  const answer = await fetch(asked, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : null;
}

// A line has its mean, and a band where the lowest and the highest are told.
function columns({ times, series }) {
  return [times, ...series.flatMap((line) => (line.low ? [line.values, line.high, line.low] : [line.values]))];
}

function linesOf({ series, unit }, inks) {
  return series.flatMap((line, index) => {
    const ink = inks[index % inks.length];
    const plain = { value: (_, value) => short(value, unit), points: { show: false } };
    const edge = { ...plain, stroke: "transparent", width: 0, class: "chart-edge" };
    const mean = { ...plain, label: line.name, stroke: ink, width: 1.5, dash: index ? [6, 3] : undefined };
    return line.low ? [mean, { ...edge, label: `${line.name} ↑` }, { ...edge, label: `${line.name} ↓` }] : [mean];
  });
}

function bandsOf({ series }, inks) {
  let at = 1;
  return series.flatMap((line, index) => {
    const first = at;
    at += line.low ? 3 : 1;
    return line.low ? [{ series: [first + 1, first + 2], fill: tinted(inks[index % inks.length], 0.16) }] : [];
  });
}

// Outages across the whole height, bookings as a bar along the top.
function paintMarks(chart, marks, inks) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const mark of marks) {
    const from = Math.max(chart.valToPos(mark.from, "x", true), bbox.left);
    const width = Math.max(Math.min(chart.valToPos(mark.to, "x", true), bbox.left + bbox.width) - from, 2);
    const tall = mark.kind === "outage";
    ctx.fillStyle = tall ? tinted(inks.outage, 0.18) : inks.booking;
    ctx.fillRect(from, bbox.top, width, tall ? bbox.height : 5 * devicePixelRatio);
  }
  ctx.restore();
}

function nameMarks(list, marks, zone) {
  // The house writes 24/11 08:00, whatever the language.
  const form = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" });
  const when = (seconds) => form.format(seconds * 1000).replace(",", "");
  list.replaceChildren(...marks.map((mark) => {
    const row = document.createElement("li");
    row.dataset.mark = mark.kind;
    row.textContent = `${mark.word}: ${when(mark.from)} – ${when(mark.to)}`;
    return row;
  }));
}

function chartOf(holder, told, zoom) {
  const inks = ["--river", "--warn", "--plum"].map(colour);
  const signs = { outage: colour("--bad"), booking: colour("--plum") };
  const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false }, font: "12px Plex Sans" };
  const days = (told.until - told.since) / 86_400;
  return new uPlot(
    {
      width: holder.clientWidth,
      height: 240,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), told.zone),
      scales: {
        x: { range: told.since ? () => [told.since, told.until] : undefined },
        y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.1 : 1] },
      },
      series: [{ value: days > 60 ? "{DD}/{MM}/{YYYY} {HH}:{mm}" : "{DD}/{MM} {HH}:{mm}:{ss}", label: holder.dataset.timeLabel }, ...linesOf(told, inks)],
      bands: bandsOf(told, inks),
      axes: [
        { ...axis, values: [[3600 * 24 * 28, "{MM}/{YYYY}"], [3600 * 24, "{DD}/{MM}"], [60, "{HH}:{mm}"], [1, "{HH}:{mm}:{ss}"]].map(([step, form]) => [step, form, null, null, null, null, null, null, 1]) },
        { ...axis, size: 76, values: (_, values) => values.map((value) => short(value, told.unit)) },
      ],
      cursor: { points: { size: 6 }, drag: { setScale: false, x: true, y: false } },
      hooks: {
        drawClear: [(chart) => paintMarks(chart, told.marks ?? [], signs)],
        setSelect: [(chart) => {
          if (chart.select.width < 4) return;
          const [from, to] = [chart.select.left, chart.select.left + chart.select.width].map((at) => chart.posToVal(at, "x"));
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (to - from >= 60) zoom([from, to]);
        }],
      },
    },
    columns(told),
    holder,
  );
}

async function draw(holder) {
  const address = holder.dataset.chart;
  const panel = holder.parentElement;
  const [whole, list] = [panel.querySelector("[data-whole]"), panel.querySelector("[data-marks]")];
  let [chart, window] = [null, null];
  const show = async (wanted) => {
    const told = await ask(address, wanted);
    if (!told) return;
    window = wanted;
    chart?.destroy();
    holder.querySelector("[data-empty]").hidden = told.times.length > 0;
    chart = told.times.length ? chartOf(holder, told, whole ? show : () => {}) : null;
    if (whole) whole.hidden = !window;
    if (list) nameMarks(list, told.marks ?? [], told.zone);
  };
  await show(null);
  whole?.addEventListener("click", () => show(null));
  if ("live" in holder.dataset) setInterval(() => document.hidden || window || holder.matches(":hover") || show(null), LIVE_SECONDS * 1000);
  new ResizeObserver(() => chart?.setSize({ width: holder.clientWidth, height: 240 })).observe(holder);
}

for (const holder of document.querySelectorAll("[data-chart]")) draw(holder);
