// Charts of readings: two lines, the site's clock, the numbers under the pointer.
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

async function draw(holder) {
  const answer = await fetch(holder.dataset.chart, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { times, series, unit, zone } = await answer.json();
  if (!times.length) {
    holder.querySelector("[data-empty]").hidden = false;
    return;
  }
  const inks = ["--river", "--warn", "--plum"].map(colour);
  const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false }, font: "12px Plex Sans" };
  const chart = new uPlot(
    {
      width: holder.clientWidth,
      height: 240,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      scales: { y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.1 : 1] } },
      series: [
        { value: "{DD}/{MM} {HH}:{mm}:{ss}", label: holder.dataset.timeLabel },
        ...series.map((line, index) => ({
          label: line.name, stroke: inks[index], width: 1.5, fill: index === 0 ? inks[0].replace(")", " / 0.1)") : undefined,
          value: (_, value) => short(value, unit), points: { show: false },
        })),
      ],
      axes: [
        { ...axis, values: [[3600 * 24, "{DD}/{MM}"], [60, "{HH}:{mm}"], [1, "{HH}:{mm}:{ss}"]].map(([step, form]) => [step, form, null, null, null, null, null, null, 1]) },
        { ...axis, size: 76, values: (_, values) => values.map((value) => short(value, unit)) },
      ],
      cursor: { points: { size: 6 } },
    },
    [times, ...series.map((line) => line.values)],
    holder,
  );
  new ResizeObserver(() => chart.setSize({ width: holder.clientWidth, height: 240 })).observe(holder);
}

for (const holder of document.querySelectorAll("[data-chart]")) draw(holder);
