// Feedback: one face, any reasons, a note if wanted.

import { post } from "/assets/kiosk.js";
import { boardWords, keyboard } from "/assets/keyboard.js";

const root = document.documentElement;
const visit = Number(root.dataset.visit);
const form = document.getElementById("feedback");
const board = document.getElementById("keyboard");

if (form) {
  const note = document.getElementById("note");
  const said = document.getElementById("said");
  board.dataset.foldable = "";
  keyboard(board, note, root.dataset.language, boardWords(board));
  post("/v1/writes", { visit, writes: true }).catch(() => {});
  note.addEventListener("focus", () => {
    const fold = board.dataset.folded !== undefined && board.querySelector("[data-key=fold]");
    if (fold) fold.click();
    note.scrollIntoView({ block: "nearest" });
  });
  form.addEventListener("click", (event) => {
    const face = event.target.closest("[data-face]");
    const reason = event.target.closest("[data-reason]");
    if (face) said.textContent = "";
    if (face) form.querySelectorAll("[data-face]").forEach((one) => one.setAttribute("aria-pressed", String(one === face)));
    if (reason) reason.setAttribute("aria-pressed", String(reason.getAttribute("aria-pressed") !== "true"));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const face = form.querySelector("[data-face][aria-pressed=true]");
    if (!face) { said.textContent = said.dataset.chooseFace; return; }
    const reasons = [...form.querySelectorAll("[data-reason][aria-pressed=true]")].map((one) => one.dataset.reason);
    const answer = await post("/v1/feedback", { visit, about: form.dataset.about, face: face.dataset.face, reasons, note: note.value });
    if (!answer || !answer.taken) { said.textContent = said.dataset.wait; return; }
    form.hidden = true;
    board.parentElement.hidden = true;
    const thanks = document.getElementById("thanks");
    thanks.hidden = false;
    post("/v1/writes", { visit, writes: false }).catch(() => {});
  });
}
