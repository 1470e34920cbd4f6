// Search while typing: what was typed exactly at once, slips right after.

import { paintedAfter } from "/assets/kiosk.js";
import { boardWords, keyboard } from "/assets/keyboard.js";

const field = document.getElementById("query");
const results = document.getElementById("results");
const board = document.getElementById("keyboard");
const language = document.documentElement.dataset.language;
// Low, there is no room for results and keys together: the keys give way when asked.
if (document.documentElement.dataset.reach === "low") board.dataset.foldable = "";
const keys = keyboard(board, field, language, boardWords(board));
let category = (document.querySelector("[data-category][aria-pressed=true]") || { dataset: { category: "" } }).dataset.category;
let asking = null;

async function find(full, signal) {
  const wanted = new URLSearchParams({ q: field.value, category });
  if (full) wanted.set("full", "1");
  const answer = await fetch(`/v1/results?${wanted}`, { signal, redirect: "error" });
  if (!answer.ok) return false;
  results.innerHTML = await answer.text();
  results.scrollTop = 0;
  return results.querySelector("[data-more]") !== null;
}
async function search() {
  if (asking) asking.abort();
  const mine = new AbortController();
  asking = mine;
  const began = performance.now();
  try {
    const more = await find(false, mine.signal);
    requestAnimationFrame(() => setTimeout(() => paintedAfter(performance.now() - began)));
    if (more) await find(true, mine.signal);
    document.documentElement.dataset.answered = field.value;
    if (language === "zh") {
      const spelled = /^[a-z' ]{2,}$/i.test(field.value);
      const answer = spelled ? await fetch(`/v1/candidates?q=${encodeURIComponent(field.value)}`, { signal: mine.signal }) : null;
      keys.offer(answer && answer.ok ? await answer.json() : []);
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}
field.addEventListener("input", search);
document.getElementById("clear").addEventListener("click", () => { field.value = ""; field.focus(); search(); });
document.querySelectorAll("[data-category]").forEach((chip) => chip.addEventListener("click", () => {
  category = chip.dataset.category;
  document.querySelectorAll("[data-category]").forEach((one) => one.setAttribute("aria-pressed", String(one === chip)));
  search();
}));
if (document.documentElement.dataset.speech !== "on") field.focus();
field.setSelectionRange(field.value.length, field.value.length);
