/** The page's sentences in the reader's language; the sentences themselves are in `lang/`. */
import en from "../lang/en.js";
import koCodes from "../lang/ko-codes.js";
import ko from "../lang/ko.js";
import { placed, values } from "./told.js";

export const LANGUAGES = { en, ko };

/** Sentences for the server's codes. The server's own are English. */
export const CODES = { en: {}, ko: koCodes };

const HOLE = /\{(\w+)\}/g;
const fill = (sentence, shown) => sentence.replace(HOLE, (_, name) => shown(name));

/**
 * The first of the wanted languages that we have, else English.
 * @param {readonly string[]} wanted such as navigator.languages: ["ko-KR", "en"]
 */
export function pick(wanted) {
  const codes = wanted.map((tag) => tag.toLowerCase().split("-")[0]);
  return codes.find((code) => code in LANGUAGES) ?? "en";
}

/**
 * Sentences of one language: `say("unit.seconds", {seconds: 3})`; a Date is said as a time of day, what the server
 * told as `told` does. An unknown key is our mistake: it throws.
 */
export class Text {
  constructor(language) {
    this.language = language;
    this.sentences = LANGUAGES[language];
  }

  say(key, values = {}) {
    const sentence = this.sentences[key];
    if (sentence === undefined) throw new Error(`no sentence "${key}" in ${this.language}`);
    return fill(sentence, (name) => this.#shown(values[name]));
  }

  #shown(value) {
    if (value instanceof Date) return this.time(value);
    return value?.message === undefined ? String(value ?? "") : this.told(value);
  }

  /**
   * What the server says: by its code where this language has a sentence for it whose values have come, else as it came.
   * @param {{code: string, message: string}} said with what else came of `field`, `retry_after`, `wait`
   */
  told(said) {
    const { place, rest } = placed(said.message);
    if (place) return this.say("told.place", { ...place, message: { ...said, message: rest } });
    const known = values(said);
    const complete = (sentence) => [...sentence.matchAll(HOLE)].every(([, name]) => name in known);
    const sentence = [CODES[this.language][said.code] ?? []].flat().find(complete);
    return sentence ? fill(sentence, (name) => known[name]) : said.message;
  }

  /** Hour and minute. @param {Date} date */
  time(date) {
    return date.toLocaleTimeString(this.language, { hour: "2-digit", minute: "2-digit" });
  }

  /** Seconds as words: "2 min 3 s". */
  duration(seconds) {
    const whole = Math.round(seconds);
    if (whole < 60) return this.say("unit.seconds", { seconds: whole });
    return this.say("unit.minutes", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
  }
}

/** Seconds as a clock: 0:07, 12:40, 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A score in -1..1 with its sign: +0.92, −0.40, 0.00. */
export function signed(score) {
  const shown = Math.abs(score).toFixed(2);
  if (shown === "0.00") return shown;
  return (score > 0 ? "+" : "\u2212") + shown;
}
