/** Draws the captions; only the utterance that changed is touched. */
import { isComplete, isVisible } from "./captions.js";
import { clock, signed } from "./text.js";
import { unjudged } from "./told.js";

const SVG = "http://www.w3.org/2000/svg";

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function shape(label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#mood-${label ?? "none"}`);
  svg.append(use);
  return svg;
}

export class CaptionsView {
  /** @param {HTMLOListElement} list @param {() => import("./text.js").Text} text the interface's present language */
  constructor(list, text) {
    this.list = list;
    this.text = text;
    this.rows = new Map();
  }

  /** @param {import("./captions.js").Utterance} utterance */
  show(utterance) {
    if (!isVisible(utterance)) return this.remove(utterance.key);
    let row = this.rows.get(utterance.key);
    if (!row) {
      row = element("li", "utterance");
      row.dataset.session = utterance.session;
      row.dataset.utterance = utterance.number;
      this.rows.set(utterance.key, row);
      this.#place(row, utterance.start);
    }
    const final = utterance.text !== null;
    row.classList.toggle("partial", !final && !isComplete(utterance));
    row.classList.toggle("failed", Boolean(utterance.error || utterance.cut));
    row.dataset.label = utterance.sentiment?.label ?? "";
    row.replaceChildren(this.#time(utterance), this.#words(utterance), this.#mood(utterance));
  }

  remove(key) {
    this.rows.get(key)?.remove();
    this.rows.delete(key);
  }

  /** The oldest leaves for good, and with it the marks that are before all that is left, but for the newest. */
  forget(key) {
    this.remove(key);
    const leads = (row) => row?.dataset.mark;
    for (let first = this.list.firstElementChild; leads(first) && leads(first.nextElementSibling); ) {
      const next = first.nextElementSibling;
      first.remove();
      first = next;
    }
  }

  /** A quiet line between utterances, at a second of the page: started, reconnected, resumed. */
  mark(kind, sentence, second) {
    const mark = element("li", "mark", sentence);
    mark.dataset.mark = kind;
    this.#place(mark, second);
  }

  clear() {
    this.rows.clear();
    this.list.replaceChildren();
  }

  /** Partials of a later utterance may come before the final of an earlier one. */
  #place(row, start) {
    row.dataset.start = start;
    let next = null;
    for (let before = this.list.lastElementChild; before; before = before.previousElementSibling) {
      if (!(Number(before.dataset.start) > start)) break;
      next = before;
    }
    this.list.insertBefore(row, next);
  }

  #time({ start }) {
    return element("time", "when", clock(start));
  }

  #words(utterance) {
    const words = element("p", "words");
    words.lang = utterance.language && utterance.task === "translate" ? "en" : (utterance.language ?? guessed(utterance));
    if (utterance.text !== null) words.append(element("span", "stable", utterance.text));
    else {
      const gap = utterance.stable && utterance.tail && !/\s$/.test(utterance.stable) && !/^\s/.test(utterance.tail);
      words.append(element("span", "stable", utterance.stable), gap && !unspaced(utterance.tail) ? " " : "");
      words.append(element("span", "tail", utterance.tail));
    }
    const trouble = this.#trouble(utterance);
    if (trouble) words.append(element("span", "trouble", trouble));
    return words;
  }

  #trouble({ error, cut, text }) {
    if (error) return this.text().say("words.failed", { message: error });
    return cut && text === null ? this.text().say("words.cut") : null;
  }

  #mood(utterance) {
    const { sentiment, text, error } = utterance;
    if (text === null || error) return "";
    if (!sentiment) return element("p", "mood waiting", this.text().say(utterance.cut ? "mood.cut" : "mood.waiting"));
    const label = this.text().say(sentiment.label ? `label.${sentiment.label}` : "label.none");
    const mood = element("p", "mood", shape(sentiment.label), element("span", "label", label));
    if (!sentiment.label) mood.append(element("span", "reason", this.text().told(unjudged(sentiment.reason))));
    else {
      mood.append(element("span", "score", signed(sentiment.score ?? 0)));
      const gauge = element("span", "gauge");
      gauge.ariaHidden = "true";
      gauge.style.setProperty("--score", String(sentiment.score ?? 0));
      mood.append(gauge);
    }
    return mood;
  }
}

/** Until the final says it, the script tells enough to choose letters; empty means unknown. */
function guessed({ stable, tail, text }) {
  const words = text ?? stable + tail;
  if (/[\uac00-\ud7af]/.test(words)) return "ko";
  if (/[\u3040-\u30ff]/.test(words)) return "ja";
  return /[\u4e00-\u9fff]/.test(words) ? "zh" : "";
}

const unspaced = (words) => /^[\u3040-\u30ff\u3400-\u9fff]/.test(words);

/** What a screen reader hears of a finished utterance. */
export function spokenForm({ text: words, sentiment }, text) {
  return `${words} — ${text.say(sentiment?.label ? `label.${sentiment.label}` : "label.none")}`;
}
