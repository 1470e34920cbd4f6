// The keyboard on the glass: pointer down is a key, two fingers may overlap, nothing repeats but delete.

import { applyTone, compose } from "/assets/telex.js";

const LETTERS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
const DIGITS = ["1234567890", "-/:;()&@\"", ".,?!'+%"];
const TONES = [["´", 1, "tone_acute"], ["`", 2, "tone_grave"], ["ˀ", 3, "tone_hook"], ["~", 4, "tone_tilde"], [".", 5, "tone_dot"]];
const SHAPED = "ăâđêôơư";
const REPEAT_AFTER = 500;
const REPEAT_EVERY = 110;

/** Writes `text` at the caret of `field`, as if it was typed. */
function write(field, change) {
  const from = field.selectionStart ?? field.value.length;
  const to = field.selectionEnd ?? from;
  const [before, after] = change(field.value.slice(0, from), field.value.slice(from, to), field.value.slice(to));
  const most = field.maxLength > 0 ? field.maxLength : Infinity;
  if ([...before + after].length > most && before.length + after.length > field.value.length) return;
  field.value = before + after;
  field.setSelectionRange(before.length, before.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

const WORD = /[\p{L}\p{M}]*$/u;
const lastWord = (text) => WORD.exec(text)[0];

/** Adds keys to the word before the caret, as Telex; remembers the keys behind what it shows. */
function typist(field) {
  let known = { shown: "", raw: "" };
  return (key) => write(field, (before, _chosen, after) => {
    const word = lastWord(before);
    const raw = (known.shown === word ? known.raw : word) + key;
    known = { shown: compose(raw), raw };
    return [before.slice(0, before.length - word.length) + known.shown, after];
  });
}

/** Puts the keyboard for `language` into `board`, writing into `field`. */
export function keyboard(board, field, language, words) {
  let layer = "letters";
  let upper = false;
  let repeating = null;
  const telex = typist(field);
  const candidates = document.createElement("div");
  candidates.className = "candidates";

  function type(key) {
    const text = upper ? key.toUpperCase() : key;
    if (language === "vi" && /^[a-z]$/i.test(text)) telex(text);
    else write(field, (before, _chosen, after) => [before + text, after]);
    if (upper) { upper = false; draw(); }
  }
  function tone(number) {
    write(field, (before, _chosen, after) => {
      const word = lastWord(before);
      return [before.slice(0, before.length - word.length) + applyTone(word, number), after];
    });
  }
  function erase() {
    write(field, (before, chosen, after) => {
      if (chosen) return [before, after];
      const letters = [...before];
      letters.pop();
      return [letters.join(""), after];
    });
  }
  const actions = {
    erase, space: () => type(" "), shift: () => { upper = !upper; draw(); },
    layer: () => { layer = layer === "letters" ? "digits" : "letters"; draw(); },
    fold: () => { if (board.dataset.folded === undefined) board.dataset.folded = ""; else delete board.dataset.folded; draw(); },
  };

  function key(label, act, options = {}) {
    const button = document.createElement("button");
    button.type = "button";
    if (options.icon) {
      button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="/assets/icons.svg#${options.icon}"/></svg>`;
      if (label) button.append(label);
    } else {
      button.textContent = label;
    }
    if (options.kind) button.className = options.kind;
    if (options.name) button.setAttribute("aria-label", options.name);
    if (options.pressed !== undefined) button.setAttribute("aria-pressed", String(options.pressed));
    button.dataset.say = options.say || `k:${label}`;
    button.dataset.key = options.key || label;
    let touched = false;
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      // Fingers may overlap: each key lets go of its own pointer.
      if (button.hasPointerCapture(event.pointerId)) button.releasePointerCapture(event.pointerId);
      touched = true;
      button.classList.add("down");
      act();
      if (options.repeats) {
        clearTimeout(repeating);
        const again = () => { act(); repeating = setTimeout(again, REPEAT_EVERY); };
        repeating = setTimeout(again, REPEAT_AFTER);
      }
    });
    const up = () => { button.classList.remove("down"); clearTimeout(repeating); };
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(end, up);
    // Enter on a tactile keypad, or an assistive device, clicks without a pointer.
    button.addEventListener("click", () => { if (!touched) act(); touched = false; });
    return button;
  }
  function row(keys, kind = "row") {
    const line = document.createElement("div");
    line.className = kind;
    line.append(...keys);
    return line;
  }
  function draw() {
    const held = board.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const show = (c) => (upper ? c.toUpperCase() : c);
    const rows = [];
    const fold = board.dataset.folded !== undefined;
    rows.push(row([key(fold ? words.show : words.hide, actions.fold, {
      icon: "keyboard", kind: "wide", key: "fold", say: fold ? "w:show_keyboard" : "w:hide_keyboard",
      name: fold ? words.show : words.hide,
    })], "row fold"));
    if (board.dataset.foldable === undefined) rows.pop();
    if (language === "zh") rows.push(candidates);
    if (language === "vi" && layer === "letters") {
      rows.push(row([
        ...TONES.map(([label, number, say]) => key(label, () => tone(number), { kind: "tone", say: `w:${say}`, key: `tone${number}`, name: words[say] })),
        ...[...SHAPED].map((c) => key(show(c), () => type(c), { key: c, say: `k:${c}` })),
      ]));
    }
    const lines = layer === "letters" ? LETTERS : DIGITS;
    lines.forEach((line, index) => {
      const keys = [...line].map((c) => key(show(c), () => type(c), { key: c }));
      if (index === 2) {
        keys.unshift(key("", actions.shift, { icon: "shift", kind: "wide", key: "shift", say: "w:shift", name: words.shift, pressed: upper }));
        keys.push(key("", actions.erase, { icon: "delete", kind: "wide", key: "erase", say: "w:delete", name: words.erase, repeats: true }));
      }
      rows.push(row(keys));
    });
    rows.push(row([
      key(layer === "letters" ? words.digits : words.letters, actions.layer, { kind: "wide", key: "layer", say: layer === "letters" ? "w:digits" : "w:letters" }),
      key(words.space, actions.space, { kind: "wider", key: "space", say: "w:space" }),
    ]));
    board.replaceChildren(...rows);
    if (held) {
      const again = [...board.querySelectorAll("button")].find((one) => one.dataset.key === held);
      if (again) again.focus();
    }
  }
  draw();
  field.addEventListener("keydown", (event) => {
    if (language !== "vi" || event.ctrlKey || event.altKey || event.metaKey || !/^[a-z]$/i.test(event.key)) return;
    event.preventDefault();
    telex(event.key);
  });
  return {
    /** Shows what the pinyin before the caret may mean; choosing replaces it. */
    offer(names) {
      candidates.replaceChildren(...names.map((name) => key(name, () => {
        write(field, () => [name, ""]);
        candidates.replaceChildren();
      }, { say: "w:results" })));
    },
  };
}

/** What the keyboard is called in the page's language. */
export function boardWords(board) { return JSON.parse(board.dataset.words); }
