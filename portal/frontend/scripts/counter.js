// The counter: note what is scanned, send it in batches, tell what became of each piece.
import { Camera } from "./camera.js";
import { newId, ScanQueue } from "./scan-queue.js";

const root = document.querySelector("[data-counter]");
const part = (name) => root.querySelector(`[data-${name}]`);
const words = (name, places = {}) =>
  Object.entries(places).reduce((text, [place, word]) => text.replaceAll(`{${place}}`, word), root.dataset[`words${name[0].toUpperCase()}${name.slice(1)}`]);
const queue = new ScanQueue(root.dataset.member);
const RETRY = 5000;
const PATIENCE = 1500;
const marks = [...part("marks").content.children];
const MARK = { done: 0, refused: 1, noted: 2, remove: 3, picture: 4 };

let booking = root.dataset.booking || null;
let sending = false;
let retry;

// Modes
const modes = [...root.querySelectorAll("[name=mode]")];
const mode = () => modes.find((radio) => radio.checked).value;
function setMode(wanted) {
  modes.find((radio) => radio.value === wanted).checked = true;
  part("condition-row").hidden = wanted !== "take";
}
for (const radio of modes) radio.addEventListener("change", () => (setMode(radio.value), field.focus()));

// What is said, seen and felt
function say(text, tone = "good") {
  const said = part("said");
  said.dataset.tone = tone;
  said.textContent = text;
  beep(tone === "good");
}
function trouble(text) {
  part("trouble").hidden = !text;
  part("trouble-words").textContent = text ?? "";
}
let sound;
function beep(good) {
  navigator.vibrate?.(good ? 40 : [90, 60, 90]);
  // Browsers let a page sound only after a key or a tap.
  if (!navigator.userActivation?.hasBeenActive) return;
  sound ??= new AudioContext();
  const tone = sound.createOscillator();
  const volume = sound.createGain();
  tone.frequency.value = good ? 1046 : 233;
  volume.gain.value = 0.08;
  tone.connect(volume).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + (good ? 0.07 : 0.25));
}

// Codes: a label holds an address; a hand may type the tag or the reference alone.
function read(text) {
  const code = text.trim();
  const asset = code.match(/\/a\/([^/?#]+)\/?(?:[?#].*)?$/);
  if (asset) return { tag: decoded(asset[1]) };
  const event = code.match(/\/bookings\/([^/?#]+)/);
  if (event) return { reference: decoded(event[1]) };
  if (/^BK[- ]?[0-9A-Z]{4}[- ]?[0-9A-Z]{4}$/i.test(code)) return { reference: code };
  return { tag: code };
}
function decoded(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (answer.status === 401) trouble(words("expired"));
  return answer.ok ? answer.json() : { kind: answer.status === 404 ? "unknown" : "trouble" };
}
const look = (code) => ask(`${root.dataset.look}?code=${encodeURIComponent(code)}`);

async function scanned(text) {
  const code = read(text);
  if (code.reference) return open(code.reference);
  if (!code.tag) return;
  if (mode() === "look") return show(code.tag);
  if (mode() === "give" && !booking) return say(words("choose"), "bad");
  if (queue.has(code.tag)) return say(words("twice", { name: code.tag }), "bad");
  const scan = { scan: newId(), mode: mode(), booking: mode() === "give" ? booking : null, tag: code.tag };
  if (scan.mode === "take") Object.assign(scan, takenCondition());
  queue.add(scan);
  say(words("added", { name: code.tag }));
  draw();
  // The name comes when it comes: without a network the tag alone is kept.
  look(code.tag).then((found) => named(scan, found), () => {});
}

function named(scan, found) {
  if (found.kind === "unknown" && queue.remove(scan.scan)) say(words("unknown", { name: scan.tag }), "bad");
  if (found.kind === "asset") {
    scan.name = found.name;
    scan.out = found.out;
    queue.keep();
  }
  draw();
}

// What is said of one piece is not said of the next: the choice goes back to "as it went".
function takenCondition() {
  const chosen = root.querySelector("#condition");
  const note = root.querySelector("#note").value.trim();
  const said = { ...(chosen.value && { condition: chosen.value }), ...(note && { note }) };
  chosen.value = "";
  chosen.dispatchEvent(new Event("change"));
  return said;
}
const conditionWord = (state) => state && root.querySelector(`#condition option[value="${state}"]`).textContent;
root.querySelector("#condition").addEventListener("change", ({ target }) => {
  part("note-row").hidden = !["worn", "damaged", "lost"].includes(target.value);
  if (part("note-row").hidden) root.querySelector("#note").value = "";
});

async function show(tag) {
  const found = await look(tag).catch(() => ({ kind: "trouble" }));
  if (found.kind === "trouble") return say(words("unreached"), "bad");
  if (found.kind !== "asset") return say(words("unknown", { name: tag }), "bad");
  part("found-panel").hidden = false;
  part("found-title").textContent = found.tag;
  part("found-name").textContent = found.name;
  part("found-condition").textContent = found.word;
  part("found-where").textContent = found.out ? `${found.where} (${found.out})` : found.where;
  part("found-link").href = found.address;
  say(`${found.tag}: ${found.out ? words("out", { name: found.out }) : words("in")}`);
}

// The booking whose pieces go
async function open(reference, wanted) {
  const found = await look(reference).catch(() => ({ kind: "trouble" }));
  if (found.kind === "trouble") return say(words("unreached"), "bad");
  if (found.kind !== "booking") return say(words("unknown", { name: reference }), "bad");
  booking = found.reference;
  setMode(wanted ?? found.mode);
  say(words("opened", { name: booking }));
  history.replaceState(null, "", `?booking=${encodeURIComponent(booking)}`);
  await fill();
}
async function fill() {
  if (!booking) return;
  const address = root.dataset.sheet.replace("REFERENCE", encodeURIComponent(booking));
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.ok && !answer.redirected) part("sheet-place").innerHTML = await answer.text();
}
root.addEventListener("click", (happened) => {
  const choice = happened.target.closest("[data-choose]");
  if (!choice || happened.ctrlKey || happened.metaKey) return;
  happened.preventDefault();
  open(choice.dataset.choose, choice.dataset.chooseMode);
  field.focus();
});
part("sheet-place").addEventListener("click", (happened) => {
  const button = happened.target.closest("[data-count-mode]");
  if (!button) return;
  const form = button.closest("[data-count]");
  const quantity = Math.max(1, Math.trunc(form.querySelector("input").valueAsNumber || 1));
  const counted = { scan: newId(), mode: button.dataset.countMode, booking, resource: form.dataset.resource, quantity };
  if (counted.mode === "take") Object.assign(counted, takenCondition());
  queue.add({ ...counted, name: form.dataset.name });
  say(words("added", { name: `${quantity} ${form.dataset.resource}` }));
  draw();
});

// Lists
function line(mark, title, small, deeds = []) {
  const made = part("scan-line").content.cloneNode(true).firstElementChild;
  made.querySelector(".sign").append(marks[MARK[mark]].cloneNode(true));
  made.dataset.mark = mark;
  made.querySelector("b").textContent = title;
  made.querySelector("small").textContent = small;
  made.querySelector(".deeds").append(...deeds);
  return made;
}
function button(label, mark, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "icon-button";
  made.ariaLabel = made.title = label;
  made.append(marks[MARK[mark]].cloneNode(true));
  made.addEventListener("click", act);
  return made;
}
const titled = (scan) => scan.tag ?? `${scan.quantity} × ${scan.resource}`;

function draw() {
  const { pending, log } = queue.kept;
  part("undo").hidden = pending.length === 0;
  part("pending-panel").hidden = pending.length === 0;
  part("pending-count").textContent = pending.length;
  part("pending").replaceChildren(
    ...pending.toReversed().map((scan) =>
      line("noted", titled(scan), [scan.name ?? words("looking"), conditionWord(scan.condition), scan.note, scan.booking].filter(Boolean).join(" · "), [
        button(words("remove", { name: titled(scan) }), "remove", () => drop(queue.remove(scan.scan))),
      ]),
    ),
  );
  const giving = pending.filter((scan) => scan.mode === "give").length;
  const taking = pending.length - giving;
  // A button keeps a name while nothing waits, also where nobody sees it.
  if (pending.length) part("submit").querySelector("span").textContent = [giving && words("give", { number: giving }), taking && words("take", { number: taking })].filter(Boolean).join(" · ");
  part("log-panel").hidden = log.length === 0;
  part("log").replaceChildren(
    ...log.map((one) =>
      line(one.done ? "done" : "refused", one.name, [one.done && words(one.of?.mode === "give" ? "gone" : "back"), one.words, one.reference, one.kept && words("pictures", { number: one.kept })].filter(Boolean).join(" · "), deedsOf(one)),
    ),
  );
}
function drop(scan) {
  if (scan) say(words("undone", { name: titled(scan) }));
  draw();
}

function deedsOf(one) {
  if (one.asks_why) return [whyButton(one)];
  return one.pictures ? [button(words("picture", { name: titled(one.of) }), "picture", () => takePicture(one))] : [];
}

// In what state it went or came back, seen
const chooser = part("picture");
function takePicture(one) {
  chooser.value = "";
  chooser.onchange = () => chooser.files.length && sendPictures(one, [...chooser.files]);
  chooser.click();
}
async function sendPictures(one, files) {
  const form = new FormData();
  for (const file of files) form.append("file", file);
  const answer = await fetch(one.pictures, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": token() },
    body: form,
  }).catch(() => null);
  if (!answer) return say(words("pictureFailed"), "bad");
  const told = await answer.json();
  if (!answer.ok) return say(told.detail, "bad");
  queue.pictured(one.scan, told.pictures);
  say(`${titled(one.of)}: ${told.words}`);
  draw();
}

// Another model goes only with a reason
function whyButton(refused) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-plain btn-sm";
  made.textContent = words("why");
  made.addEventListener("click", () => {
    const dialog = part("why");
    part("why-words").textContent = refused.words;
    dialog.querySelector("#why").value = "";
    dialog.onsubmit = () => {
      queue.forget(refused.scan);
      queue.add({ ...refused.of, scan: newId(), note: dialog.querySelector("#why").value.trim() });
      draw();
      send();
    };
    dialog.showModal();
  });
  return made;
}

// Sending: whatever happens, a scan is kept until the server has answered.
const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
async function send() {
  queue.seal();
  draw();
  if (sending) return;
  sending = true;
  part("submit").setAttribute("aria-busy", "true");
  clearTimeout(retry);
  try {
    let counts = { done: 0, refused: 0 };
    while (queue.kept.sealed.length) {
      const outcomes = await sendOne(queue.kept.sealed[0]);
      if (!outcomes) return;
      for (const one of outcomes) counts[one.done ? "done" : "refused"] += 1;
    }
    trouble();
    if (counts.refused) say(`${words("done", { number: counts.done })}. ${words("refused", { number: counts.refused })}`, "bad");
    else if (counts.done) say(words("done", { number: counts.done }));
    await fill();
  } finally {
    sending = false;
    part("submit").removeAttribute("aria-busy");
    draw();
    field.focus();
  }
}

async function sendOne(batch) {
  const answer = await fetch(root.dataset.send, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token(), "Idempotency-Key": batch.key },
    body: JSON.stringify({ mode: batch.mode, booking: batch.booking, scans: batch.scans.map(bare) }),
  }).catch(() => null);
  if (!answer || answer.status >= 500 || answer.status === 429) return waitFor(words("offline", { number: queue.waiting }));
  if ([400, 401, 403].includes(answer.status)) return trouble(words("expired"));
  const told = await answer.json();
  const outcomes = answer.ok ? told.outcomes : batch.scans.map((scan) => ({ scan: scan.scan, done: false, name: titled(scan), words: told.detail }));
  queue.settle(batch, outcomes);
  return outcomes;
}
function waitFor(text) {
  trouble(text);
  retry = setTimeout(send, RETRY);
}
// What the server is to know of a scan; the rest is for the eye.
const bare = ({ scan, tag, resource, quantity, condition: state, note }) =>
  Object.fromEntries(Object.entries({ scan, tag, resource, quantity, condition: state, note }).filter(([, value]) => value !== undefined));

window.addEventListener("online", () => queue.waiting && send());

// Bindings
const field = root.querySelector("#code");
// A hand scanner types wherever the focus happens to be.
document.addEventListener("keydown", (pressed) => {
  if (pressed.key.length !== 1 || pressed.ctrlKey || pressed.metaKey || pressed.altKey || pressed.key === " ") return;
  if (pressed.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
  field.focus();
});
part("scan-form").addEventListener("submit", (happened) => {
  happened.preventDefault();
  const text = field.value;
  field.value = "";
  field.focus();
  scanned(text);
});
part("submit").addEventListener("click", send);
part("undo").addEventListener("click", () => drop(queue.undo()));
part("clear").addEventListener("click", () => (queue.clear(), draw()));

const camera = new Camera(root.querySelector("video"), scanned);
function look_out(on) {
  root.querySelector("#viewfinder").hidden = !on;
  part("camera").setAttribute("aria-pressed", String(on));
}
part("camera").addEventListener("click", async () => {
  if (camera.running) {
    camera.stop();
    return look_out(false);
  }
  look_out(true);
  try {
    await camera.start();
  } catch {
    look_out(false);
    say(words("camera"), "bad");
  }
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden && camera.running) {
    camera.stop();
    look_out(false);
  }
});

function begin() {
  queue.load();
  setMode(root.dataset.status === "confirmed" ? "give" : "take");
  draw();
  if (queue.waiting) send();
  if (root.dataset.code) scanned(root.dataset.code);
}
// Two windows would write over each other's scans: the second one says so and stands still.
function standStill() {
  trouble(words("elsewhere"));
  for (const control of root.querySelectorAll("input, button, select")) control.disabled = true;
}
if (navigator.locks) {
  let stands = false;
  // The page before this one may still be on its way out.
  const patience = setTimeout(() => ((stands = true), standStill()), PATIENCE);
  navigator.locks.request(queue.name, () => {
    clearTimeout(patience);
    if (stands) location.reload();
    else begin();
    return new Promise(() => {});
  });
} else begin();
