// Every page: ways without a history, the visit's time, choices, scrolling, reading aloud, the sign of life.

const root = document.documentElement;
const visit = Number(root.dataset.visit);
const loud = root.dataset.speech === "on";
let errors = 0;
let begins = false;
window.addEventListener("error", () => { errors += 1; });
window.addEventListener("unhandledrejection", () => { errors += 1; });

export const go = (to) => { window.location.replace(to); };

export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.ok ? answer.json() : null;
}

/** To where the visit under way is; to the first screen if there is none. */
function depart(now) { if (!begins) go(now === 0 ? "/" : "/home"); }

/** Whoever answers with another visit: this page belongs to nobody any more. */
function follow(told) {
  if (told && told.visit !== visit) depart(told.visit);
  return told;
}

// Ways: nothing is ever added to the history, so that there is none to look into.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link) return;
  event.preventDefault();
  const to = new URL(link.href, window.location.href);
  if (to.origin === window.location.origin) go(to.pathname + to.search);
});
for (const kind of ["contextmenu", "dragstart", "selectstart"]) {
  document.addEventListener(kind, (event) => {
    if (!event.target.closest || !event.target.closest("input, textarea")) event.preventDefault();
  });
}
document.addEventListener("touchmove", (event) => { if (event.touches.length > 1) event.preventDefault(); }, { passive: false });
document.addEventListener("wheel", (event) => { if (event.ctrlKey) event.preventDefault(); }, { passive: false });

// Beginning.
async function begin(language, to, read) {
  const told = await post("/v1/begin", { language });
  if (!told || told.visit === 0) { begins = false; go("/"); return; }
  if (read) await post("/v1/read", { visit: told.visit, notice: read });
  go(to || "/home");
}
function beginOnce(place) {
  if (begins) return;
  begins = true;
  begin(place.dataset.begin, place.dataset.to, place.dataset.read).catch(() => { begins = false; });
}
document.addEventListener("click", (event) => {
  const place = event.target.closest("[data-begin]");
  if (place && visit === 0) beginOnce(place);
});
document.addEventListener("keydown", (event) => {
  if (visit === 0 && (event.key === "Enter" || event.key === " ") && !event.target.closest("button")) {
    const place = document.querySelector("[data-begin]");
    if (place) beginOnce(place);
  }
});

// Choices and leaving.
document.addEventListener("click", async (event) => {
  const place = event.target.closest("button");
  if (!place || visit === 0) return;
  if (place.dataset.leave !== undefined) {
    await post("/v1/leave", { visit });
    go("/");
    return;
  }
  if (place.dataset.read !== undefined) follow(await post("/v1/read", { visit, notice: place.dataset.read }));
  if (place.dataset.choose !== undefined) {
    const [key, value] = place.dataset.choose.split("=");
    follow(await post("/v1/choose", { visit, choice: { [key]: value } }));
    go(place.dataset.read === undefined ? window.location.pathname + window.location.search : "/home");
  }
});

// Touches, and the question whether anyone is still there.
const question = document.getElementById("question");
const left = document.getElementById("question-left");
let asked = false;
let askedUntil = 0;
let reported = 0;
let pointed = null;
let focusBefore = null;

function ask(ms) {
  if (!question) return;
  askedUntil = performance.now() + ms;
  if (!asked) {
    asked = true;
    focusBefore = document.activeElement;
    question.hidden = false;
    document.getElementById("question-answer").focus();
    if (loud) say("w:still_there w:still_there_why w:i_am_here");
  }
  count();
}
function answered() {
  if (!asked) return;
  asked = false;
  question.hidden = true;
  if (focusBefore && focusBefore.focus) focusBefore.focus();
}
function count() {
  if (asked) left.textContent = String(Math.max(0, Math.ceil((askedUntil - performance.now()) / 1000)));
}
setInterval(count, 250);

function touched() {
  const now = performance.now();
  if (visit === 0 || (!asked && now - reported < 1000)) return;
  reported = now;
  post("/v1/touch", { visit }).then(follow).catch(() => {});
}
document.addEventListener("pointerdown", () => { pointed = performance.now(); touched(); }, { capture: true });
document.addEventListener("keydown", touched, { capture: true });

let heard = performance.now();
const stream = new EventSource("/v1/visit");
stream.onmessage = (message) => {
  heard = performance.now();
  const told = JSON.parse(message.data);
  if (told.visit !== visit) { depart(told.visit); return; }
  if (told.asking_ms === undefined) answered(); else ask(told.asking_ms);
};
stream.onopen = () => { heard = performance.now(); };
// Without the daemon nobody keeps the time of a visit: the page forgets it by itself.
setInterval(() => {
  if (stream.readyState !== 1 && performance.now() - heard > 60000) go("/");
}, 5000);
// The first screen changes by itself when the kiosk opens, closes or has something urgent to say.
if (visit === 0) setInterval(() => { if (!begins) go("/"); }, 60000);

// Scrolling by buttons, for those who do not swipe.
const paging = document.querySelector(".paging");
const main = document.getElementById("main");
function page() {
  const much = main && main.scrollHeight - main.clientHeight > 8;
  if (!paging) return;
  paging.hidden = !much;
  if (!much) return;
  paging.querySelector("[data-scroll=up]").disabled = main.scrollTop < 4;
  paging.querySelector("[data-scroll=down]").disabled = main.scrollTop > main.scrollHeight - main.clientHeight - 4;
}
if (paging && main) {
  paging.addEventListener("click", (event) => {
    const way = event.target.closest("[data-scroll]");
    if (way) main.scrollBy({ top: (way.dataset.scroll === "up" ? -0.8 : 0.8) * main.clientHeight });
  });
  main.addEventListener("scroll", page, { passive: true });
  new ResizeObserver(page).observe(main);
  window.addEventListener("load", page);
  page();
}

// Reading aloud.
let voice = null;
export function say(what) {
  hush();
  const sound = new Audio(`/speech?say=${encodeURIComponent(what)}`);
  voice = sound;
  root.dataset.said = what;
  sound.addEventListener("playing", () => post("/v1/playing", { visit, length_ms: 120000 }).catch(() => {}));
  const over = () => { if (voice === sound) { voice = null; post("/v1/playing", { visit, length_ms: null }).catch(() => {}); mark(); } };
  sound.addEventListener("ended", over);
  sound.addEventListener("error", over);
  sound.play().catch(over);
}
function hush() {
  if (voice) { voice.pause(); voice.removeAttribute("src"); voice = null; }
}
let reader = null;
function mark() { if (reader) { reader.removeAttribute("aria-pressed"); reader = null; } }
document.addEventListener("click", (event) => {
  const place = event.target.closest("[data-read-aloud]");
  if (!place) return;
  if (reader === place) { hush(); mark(); return; }
  mark();
  reader = place;
  place.setAttribute("aria-pressed", "true");
  say(place.dataset.readAloud);
});
if (loud) {
  document.addEventListener("focusin", (event) => {
    const place = event.target.closest("[data-say]");
    if (place && !asked) say(place.dataset.say);
  });
}

// A tactile keypad: arrows move the focus, Escape goes back.
function stops() {
  const within = asked ? question : document;
  return [...within.querySelectorAll("a[href], button, input, textarea, [tabindex='0']")]
    .filter((one) => !one.disabled && one.offsetParent !== null && !one.closest("#keyboard .candidates:empty"));
}
document.addEventListener("keydown", (event) => {
  const writes = event.target.matches("input, textarea");
  if (event.key === "Escape" && visit !== 0) {
    const back = document.querySelector("[data-back]");
    if (back && !asked) back.click();
  }
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step || (writes && (event.key === "ArrowLeft" || event.key === "ArrowRight"))) return;
  const all = stops();
  const at = all.indexOf(document.activeElement);
  const next = all[at < 0 ? 0 : (at + step + all.length) % all.length];
  if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
});

// The sign of life, and the number that is painted for whoever looks at the glass.
let frames = 0;
const slow = [];
export function paintedAfter(ms) { slow.push(ms); if (slow.length > 20) slow.shift(); }
const tick = () => { frames += 1; requestAnimationFrame(tick); };
requestAnimationFrame(tick);
let nonce = "";
function paint(next) {
  nonce = next;
  const canvas = document.getElementById("proof");
  const pen = canvas && canvas.getContext("2d");
  if (!pen) return;
  for (let cell = 0; cell < 64; cell += 1) {
    const bit = (parseInt(next[cell >> 2], 16) >> (3 - (cell & 3))) & 1;
    pen.fillStyle = bit ? "#ffffff" : "#000000";
    pen.fillRect((cell % 8) * 3, (cell >> 3) * 3, 3, 3);
  }
}
async function beat() {
  const sorted = slow.slice().sort((a, b) => a - b);
  const answer = await post("/v1/ui/beat", {
    nonce, frames, visible: document.visibilityState === "visible", screen: root.dataset.screen,
    width: window.innerWidth, height: window.innerHeight, visit,
    pointer_ms: pointed === null ? null : Math.round(performance.now() - pointed),
    key_paint_ms: sorted.length === 0 ? null : Math.round(sorted[Math.max(0, sorted.length - 2)]), errors,
  });
  if (answer) paint(answer.nonce);
}
beat().catch(() => {});
setInterval(() => { beat().catch(() => {}); }, 5000);

// The picture of an idle kiosk moves a little, so that nothing burns in.
if (visit === 0) {
  const minute = Math.floor(Date.now() / 60000);
  document.body.style.transform = `translate(${(minute % 5) - 2}px, ${(Math.floor(minute / 5) % 5) - 2}px)`;
}
