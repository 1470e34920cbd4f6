// Brings the page up to date without reloading it, and says so when it cannot.
"use strict";
const EVERY_MS = 10000;
const lost = document.querySelector(".lost");

async function refresh() {
  try {
    const answer = await fetch("/", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const text = await answer.text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const part of ["main", ".now"]) {
      document.querySelector(part).replaceWith(fresh.querySelector(part));
    }
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
  setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
