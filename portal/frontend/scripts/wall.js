// The wall's clock, and the loud word when the picture on it has grown old.
const STALE_SECONDS = 20;
const face = document.querySelector("[data-wall-clock]");
const lost = document.querySelector("[data-wall-lost]");
const format = new Intl.DateTimeFormat(document.documentElement.lang, {
  timeZone: "Asia/Ho_Chi_Minh", weekday: "long", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
let seen = performance.now();

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "picture") seen = performance.now();
});
// A wall that was signed out would be sent to the sign-in page for ever: tell, and try it once a minute.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.xhr.responseText.includes("wall-grid")) event.detail.shouldSwap = false;
});

function tick() {
  face.textContent = format.format(new Date());
  lost.hidden = (performance.now() - seen) / 1000 < STALE_SECONDS;
}

tick();
setInterval(tick, 1000);
