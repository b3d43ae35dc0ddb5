/** What has been said, on the page: the gateway's messages become captions, the horizon and announcements. */
import { Captions } from "./captions.js";
import { CaptionsView, spokenForm } from "./captions-view.js";
import { Following } from "./following.js";
import { Horizon } from "./horizon.js";

const byId = (id) => document.getElementById(id);

export class Conversation {
  /** @param {() => import("./text.js").Text} text */
  constructor(text) {
    this.text = text;
    this.session = null; // the one whose connection is up, or expected back
    this.origin = 0; // second of the page at which the listening's second 0 lies
    this.captions = new Captions();
    this.view = new CaptionsView(byId("captions"), text);
    this.horizon = new Horizon(byId("chart"), byId("horizon"));
    this.following = new Following(byId("newest"));
  }

  /** Another listening: its time follows what is there. */
  begin() {
    this.origin = this.captions.end;
  }

  /** A connection is ready. @param {{message: object, resumed: boolean, offset: number, again: boolean}} event the link's report */
  open({ message, resumed, offset, again }) {
    const first = !this.captions.utterances.size;
    const second = resumed ? this.#resume(message, offset) : this.#begin(message, offset);
    this.session = message.session;
    if (again) this.#mark("reconnected", second);
    else if (resumed) this.#mark("resumed", second);
    else if (!first) this.#mark("started", second);
  }

  /** @returns {number} second of the page from which on the sound is new */
  #begin({ session }, offset) {
    this.cut();
    this.captions.open(session, this.origin + offset);
    return this.origin + offset;
  }

  /** The session goes on. After a reload the page does not know it yet, and takes its time for its own. */
  #resume({ session, samples, sample_rate: rate }, offset) {
    const { captions } = this;
    if (!captions.sessions.has(session)) captions.open(session, 0);
    const began = captions.sessions.get(session).offset;
    this.origin = began - offset;
    const { gone, open } = captions.resume(session, samples / rate);
    for (const utterance of gone) this.view.remove(utterance.key);
    for (const utterance of open) this.view.show(utterance);
    return began + samples / rate;
  }

  #mark(kind, second) {
    this.view.mark(kind, this.text().say(`mark.${kind}`, { time: new Date() }), second);
  }

  accept(seconds) {
    this.captions.accept(this.session, seconds);
  }

  /** @returns {boolean} whether anything is new on the page */
  take(message) {
    const utterance = this.captions.apply(message);
    if (!utterance) return false;
    this.view.show(utterance);
    for (const old of this.captions.forget()) this.view.forget(old.key);
    if (message.type === "result" && utterance.text) this.#judged(utterance);
    document.body.toggleAttribute("data-spoken", this.view.rows.size > 0);
    this.following.step();
    return true;
  }

  #judged(utterance) {
    this.horizon.show(this.captions.spoken(), this.text());
    const heard = document.createElement("p");
    heard.lang = utterance.language ?? "";
    heard.textContent = spokenForm(utterance, this.text());
    byId("announcer").replaceChildren(heard);
  }

  /** The session will not go on here: settle what it left open. */
  cut() {
    if (!this.session) return;
    const { cut, gone } = this.captions.disconnect(this.session);
    for (const utterance of cut) this.view.show(utterance);
    for (const utterance of gone) this.view.remove(utterance.key);
    this.session = null;
  }

  /** Show everything in the interface's language. */
  speak() {
    for (const utterance of this.captions.utterances.values()) this.view.show(utterance);
    this.horizon.describe(this.captions.spoken(), this.text());
  }

  clear() {
    this.captions.clear();
    this.view.clear();
    this.horizon.show([], this.text());
    document.body.removeAttribute("data-spoken");
  }
}
