/** What was said in a recording: captions whose words follow the sound, and move it when they are pressed. */
import { CaptionsView, spokenForm } from "../captions-view.js";
import { isVisible } from "../captions.js";
import { clock } from "../text.js";
import { heard, pieces } from "./cues.js";
import { element } from "./element.js";

export class Transcript {
  /** @param {HTMLOListElement} list @param {() => import("../text.js").Text} text @param {(second: number) => void} jump */
  constructor(list, text, jump) {
    Object.assign(this, { list, text, jump });
    this.view = new CaptionsView(list, text);
    this.segments = [];
    this.present = null;
    this.word = null;
    this.playable = false;
    list.addEventListener("click", (event) => this.#pressed(event));
  }

  clear() {
    this.view.clear();
    this.segments = [];
    this.present = this.word = null;
  }

  /** @param {object[]} segments all of them, in the order of the sound */
  show(segments) {
    const now = new Set(segments.map((segment) => segment.key));
    for (const key of this.view.rows.keys()) if (!now.has(key)) this.view.remove(key);
    segments.forEach((segment) => this.#row(segment));
    this.segments = segments.filter((segment) => this.view.rows.has(segment.key));
  }

  /** One that is new. */
  add(segment, ordered) {
    this.#row(segment);
    this.segments = ordered.filter(({ key }) => this.view.rows.has(key));
  }

  /** What somebody who does not see it hears of a new one. */
  spoken(segment) {
    return isVisible(segment) && segment.text ? spokenForm(segment, this.text()) : "";
  }

  #row(segment) {
    this.view.show(segment);
    const row = this.view.rows.get(segment.key);
    if (!row) return;
    const time = clock(segment.start);
    const jump = element("button", { type: "button", className: "when", ariaLabel: this.text().say("segment.play", { time }) }, time);
    jump.dataset.start = segment.start;
    jump.disabled = !this.playable;
    row.querySelector(".when").replaceWith(jump);
    if (segment.text) row.querySelector(".stable").replaceChildren(...pieces(segment.text, segment.words).map(word));
  }

  /** The sound can be moved, or cannot: then times are no buttons. */
  allow(playable) {
    this.playable = playable;
    this.list.toggleAttribute("data-playable", playable);
    for (const row of this.view.rows.values()) row.querySelector(".when").disabled = !playable;
  }

  /** @param {number} second that is heard now */
  at(second, playing) {
    const segment = playing ? heard(this.segments, second) : null;
    const row = segment ? this.view.rows.get(segment.key) : null;
    if (row !== this.present) {
      this.present?.removeAttribute("aria-current");
      row?.setAttribute("aria-current", "true");
      this.present = row;
      if (row) this.#inView(row);
    }
    const words = row ? [...row.querySelectorAll("[data-end]")] : [];
    const found = heard(words.map((node) => ({ node, start: Number(node.dataset.start), end: Number(node.dataset.end) })), second, 0.3);
    if (found?.node === this.word) return;
    this.word?.classList.remove("now");
    found?.node.classList.add("now");
    this.word = found?.node ?? null;
  }

  #inView(row) {
    const { top, bottom } = row.getBoundingClientRect();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (top < innerHeight * 0.22 || bottom > innerHeight * 0.75) row.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  #pressed({ target }) {
    if (!this.playable || getSelection()?.toString()) return; // somebody who marks words does not want to jump
    const place = target.closest("[data-start]"); // a word, the time, or the whole line
    if (place && this.list.contains(place)) this.jump(Number(place.dataset.start));
  }
}

function word({ text, start, end }) {
  if (start === undefined) return text;
  const node = element("span", { className: "word" }, text);
  node.dataset.start = start;
  node.dataset.end = end;
  return node;
}
