// Vietnamese by Telex and by tone keys: pure functions over the word before the caret.

const PLAIN = "aăâeêioôơuưy";
const TONES = [
  "aăâeêioôơuưy", // none
  "áắấéếíóốớúứý", // s, acute
  "àằầèềìòồờùừỳ", // f, grave
  "ảẳẩẻểỉỏổởủửỷ", // r, hook
  "ãẵẫẽễĩõỗỡũữỹ", // x, tilde
  "ạặậẹệịọộợụựỵ", // j, dot
];
const TONE_KEYS = { s: 1, f: 2, r: 3, x: 4, j: 5, z: 0 };
const SHAPES = { a: { a: "â", ă: "â" }, e: { e: "ê" }, o: { o: "ô", ơ: "ô" } };

const lower = (c) => c.toLowerCase();
const like = (c, model) => (model === lower(model) ? c : c.toUpperCase());

/** The vowel without its tone, and the tone; null for what is no vowel. */
function vowel(c) {
  for (let tone = 0; tone < TONES.length; tone += 1) {
    const at = TONES[tone].indexOf(lower(c));
    if (at >= 0) return { base: PLAIN[at], tone };
  }
  return null;
}

function toned(c, tone) {
  const known = vowel(c);
  if (!known) return c;
  return like(TONES[tone][PLAIN.indexOf(known.base)], c);
}

/** Where the run of vowels of a word stands: [from, to); null if it has none. */
function nucleus(letters) {
  let to = -1;
  for (let i = letters.length - 1; i >= 0; i -= 1) {
    if (vowel(letters[i])) { to = i + 1; break; }
  }
  if (to < 0) return null;
  let from = to - 1;
  while (from > 0 && vowel(letters[from - 1])) from -= 1;
  const before = from > 0 ? lower(letters[from - 1]) : "";
  const first = vowel(letters[from]).base;
  // qu and gi are consonants where another vowel follows.
  if (to - from > 1 && ((before === "q" && first === "u") || (before === "g" && first === "i"))) from += 1;
  return [from, to];
}

/** Which vowel of a word carries its tone. */
function carrier(letters) {
  const run = nucleus(letters);
  if (!run) return -1;
  const [from, to] = run;
  for (let i = to - 1; i >= from; i -= 1) {
    if ("ăâêôơư".includes(vowel(letters[i]).base)) return i;
  }
  const length = to - from;
  if (length === 1) return from;
  if (length === 3) return from + 1;
  const pair = vowel(letters[from]).base + vowel(letters[from + 1]).base;
  const isOpen = to === letters.length;
  if (!isOpen) return from + 1;
  return ["oa", "oe", "uy"].includes(pair) ? from + 1 : from;
}

function toneOf(letters) {
  for (const c of letters) {
    const known = vowel(c);
    if (known && known.tone > 0) return known.tone;
  }
  return 0;
}

/** Puts `tone` where it belongs and takes every other away. */
function place(letters, tone) {
  const bare = letters.map((c) => toned(c, 0));
  const at = carrier(bare);
  if (tone > 0 && at >= 0) bare[at] = toned(bare[at], tone);
  return bare;
}

/** The word with the tone of a tone key; the same tone again takes it away. */
export function applyTone(word, tone) {
  const letters = [...word];
  const already = toneOf(letters) === tone;
  return place(letters, already ? 0 : tone).join("");
}

/** What `word` becomes by the Telex key `key`; `undone` if the key takes back what it did before. */
function step(word, key) {
  const letters = [...word];
  const k = lower(key);
  const plain = { word: word + key, undone: false };
  if (letters.length === 0) return plain;
  if (k in TONE_KEYS) {
    if (carrier(letters.map((c) => toned(c, 0))) < 0) return plain;
    const tone = TONE_KEYS[k];
    const bare = place(letters, 0).join("");
    if (tone === 0) return toneOf(letters) > 0 ? { word: bare, undone: false } : plain;
    if (toneOf(letters) === tone) return { word: bare + key, undone: true };
    return { word: place(letters, tone).join(""), undone: false };
  }
  const tone = toneOf(letters);
  const bare = letters.map((c) => toned(c, 0));
  const change = shaped(bare, k);
  if (change === null) return { word: place([...bare, key], tone).join(""), undone: false };
  const word2 = place(change.letters, tone).join("");
  return change.undone ? { word: word2 + key, undone: true } : { word: word2, undone: false };
}

const INITIAL = "(?:ngh|ng|nh|gh|gi|qu|ch|kh|ph|th|tr|[bcdđghklmnpqrstvx])?";
const SYLLABLE = new RegExp(`^${INITIAL}[aăâeêioôơuưy]{1,3}(?:ng|nh|ch|[cmnpt])?$`);
const isSyllable = (word) => SYLLABLE.test([...word].map((c) => lower(toned(c, 0))).join(""));

/** What the keys `raw` of one word mean. What can be no Vietnamese word stays as it was typed. */
export function compose(raw) {
  let word = "";
  let literal = false;
  for (const key of raw) {
    if (literal) { word += key; continue; }
    const next = step(word, key);
    word = next.word;
    literal = next.undone;
  }
  return literal || isSyllable(word) ? word : raw;
}

function shaped(letters, k) {
  if (k === "d") {
    if (lower(letters[0]) === "d" && letters.every((c, i) => i === 0 || vowel(c) || "nmgchtp".includes(lower(c)))) {
      return { letters: [like("đ", letters[0]), ...letters.slice(1)] };
    }
    if (lower(letters[0]) === "đ") return { letters: [like("d", letters[0]), ...letters.slice(1)], undone: true };
    return null;
  }
  const run = nucleus(letters);
  if (!run) return null;
  const [from, to] = run;
  if (k === "w") return horned(letters, from, to);
  if (!(k in SHAPES)) return null;
  for (let i = to - 1; i >= from; i -= 1) {
    const c = lower(letters[i]);
    const hat = SHAPES[k][c];
    if (hat) {
      const out = letters.slice();
      out[i] = like(hat, letters[i]);
      return { letters: out };
    }
    if (c === SHAPES[k][k]) {
      const out = letters.slice();
      out[i] = like(k, letters[i]);
      return { letters: out, undone: true };
    }
  }
  return null;
}

function horned(letters, from, to) {
  const out = letters.slice();
  const at = (i) => (i >= from && i < to ? lower(out[i]) : "");
  for (let i = from; i < to - 1; i += 1) {
    if ((at(i) === "u" || at(i) === "ư") && (at(i + 1) === "o" || at(i + 1) === "ô")) {
      out[i] = like("ư", out[i]);
      out[i + 1] = like("ơ", out[i + 1]);
      return { letters: out };
    }
    if (at(i) === "u" && (at(i + 1) === "u" || at(i + 1) === "a")) {
      out[i] = like("ư", out[i]);
      return { letters: out };
    }
  }
  for (let i = to - 1; i >= from; i -= 1) {
    const horn = { a: "ă", â: "ă", o: "ơ", ô: "ơ", u: "ư" }[at(i)];
    if (horn) {
      out[i] = like(horn, out[i]);
      return { letters: out };
    }
    const bare = { ă: "a", ơ: "o", ư: "u" }[at(i)];
    if (bare) {
      out[i] = like(bare, out[i]);
      return { letters: out, undone: true };
    }
  }
  return null;
}
