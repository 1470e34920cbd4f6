// Brings what is live on a page up to date without reloading it, says so when it cannot, counts the
// hour down, and sounds while an incident waits for somebody.
"use strict";
const EVERY_MS = 10000;
const lost = document.querySelector(".lost");
const live = () => document.querySelectorAll("[data-live]");

async function refresh() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok || new URL(answer.url).pathname !== location.pathname) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of live()) {
      part.replaceWith(fresh.querySelector(`[data-live="${part.dataset.live}"]`));
    }
    lost.hidden = true;
    synchronise();
  } catch {
    lost.hidden = false;
  }
  setTimeout(refresh, EVERY_MS);
}

// The deadline is the controller's; this machine's clock may be wrong.
let ahead = 0;
function synchronise() {
  const now = document.querySelector("[data-now]");
  if (now) ahead = Number(now.dataset.now) - Date.now();
  count();
}

function count() {
  for (const clock of document.querySelectorAll("[data-deadline]")) {
    const left = Math.max(0, Math.floor((Number(clock.dataset.deadline) - Date.now() - ahead) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}

let sound = null;
function ring() {
  const alarm = document.querySelector("[data-alarm]");
  if (!sound || !alarm || Number(alarm.dataset.alarm) === 0) return;
  for (const [at, pitch] of [[0, 880], [0.25, 660], [0.5, 880]]) {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    volume.gain.value = 0.2;
    tone.frequency.value = pitch;
    tone.connect(volume).connect(sound.destination);
    tone.start(sound.currentTime + at);
    tone.stop(sound.currentTime + at + 0.2);
  }
}

const button = document.querySelector("[data-sound]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    sound = new AudioContext();
    button.textContent = "Chuông báo đang bật · The alarm's sound is on";
    button.disabled = true;
    ring();
  });
  setInterval(ring, 5000);
}

if (live().length > 0) setTimeout(refresh, EVERY_MS);
synchronise();
setInterval(count, 1000);
