/** The page: takes clicks and events, keeps the facts and the captions, and shows what they come to. */
import { Beforehand } from "./beforehand.js";
import { Captions } from "./captions.js";
import { CaptionsView, spokenForm } from "./captions-view.js";
import { Following } from "./following.js";
import { Horizon } from "./horizon.js";
import { Listening } from "./listening.js";
import { Meter } from "./meter.js";
import { obstacle } from "./microphone.js";
import { Notices } from "./notices.js";
import { save } from "./saving.js";
import { Settings } from "./settings.js";
import { IDLE, after, allowed, name } from "./states.js";
import { hideSummary, showSummary } from "./summary-view.js";
import { Text, clock } from "./text.js";

const byId = (id) => document.getElementById(id);
const params = new URLSearchParams(location.search);

export class Page {
  constructor(language) {
    const text = () => this.text;
    this.facts = IDLE;
    this.listening = null;
    this.session = null;
    this.captions = new Captions();
    this.view = new CaptionsView(byId("captions"), text);
    this.horizon = new Horizon(byId("chart"), byId("horizon"));
    this.meter = new Meter(byId("meter"), () => Math.max(byId("start").offsetWidth, byId("stop").offsetWidth));
    this.following = new Following(byId("newest"));
    this.settings = new Settings(text, (deviceId) => this.listening?.use(deviceId));
    this.notices = new Notices(byId("notices"), byId("alerts"), text, { retry: () => this.start(), resume: () => this.listening?.resume() });
    this.beforehand = new Beforehand(this.notices);
    this.#buttons();
    this.speak(language);
    const missing = obstacle();
    if (missing) this.refuse(missing);
    else this.beforehand.ask();
  }

  #buttons() {
    byId("start").onclick = () => this.start();
    byId("stop").onclick = () => (this.facts.phase === "asking" ? this.listening.cancel() : this.listening.stop());
    byId("mute").onclick = () => this.listening.mute(!this.facts.muted);
    byId("save-txt").onclick = () => save("txt", this.captions.spoken(), this.text);
    byId("save-json").onclick = () => save("json", this.captions.spoken(), this.text);
    byId("clear").onclick = () => this.clear();
    byId("interface-language").onchange = (event) => this.speak(event.target.value);
  }

  /** Show everything in this language. */
  speak(language) {
    this.text = new Text(language);
    document.documentElement.lang = language;
    document.title = this.text.say("title");
    byId("interface-language").value = language;
    for (const node of document.querySelectorAll("[data-text]")) node.textContent = this.text.say(node.dataset.text);
    this.settings.translate();
    this.notices.draw();
    for (const utterance of this.captions.utterances.values()) this.view.show(utterance);
    if (!byId("summary").hidden) showSummary(this.captions, this.text);
    this.horizon.describe(this.captions.spoken(), this.text);
    this.#draw();
  }

  /** In the click itself: the browser lets sound begin only there. */
  start() {
    if (!allowed(this.facts).start) return;
    this.beforehand.end();
    hideSummary();
    for (const group of ["problem", "link", "silence", "microphone", "end", "gap"]) this.notices.settle(group);
    this.state("start");
    this.origin = this.captions.end;
    const chosen = this.settings.chosen();
    try {
      this.listening = new Listening(this.#doors(), { ...chosen, raw: params.get("raw") === "1" });
    } catch (error) {
      this.state("fail", "error");
      return this.notices.show("error", { message: error.message });
    }
    this.listening.start().then(() => this.settings.listDevices());
  }

  #doors() {
    return {
      state: (event, problem) => this.state(event, problem),
      notice: (kind, values) => this.notices.show(kind, values),
      settle: (group) => this.notices.settle(group),
      level: (level) => this.#level(level),
      message: (event) => this.#message(event),
      ended: () => this.#ended(),
    };
  }

  state(event, problem) {
    this.facts = after(this.facts, event, problem);
    this.#draw();
  }

  refuse({ problem, missing }) {
    this.state("fail", problem);
    this.notices.show(problem, { missing });
  }

  #message(event) {
    const { captions } = this;
    if (event.type === "ready") this.#open(event);
    if (event.type === "accepted") captions.accept(this.session, event.seconds);
    if (event.type === "down") this.#cut();
    if (event.type === "message") this.#event(event.message);
  }

  #open({ message, offset, again }) {
    this.#cut();
    this.session = message.session;
    this.captions.open(message.session, this.origin + offset);
    if (message.demo_models) this.notices.show("demo");
    const time = new Date().toLocaleTimeString(this.text.language, { hour: "2-digit", minute: "2-digit" });
    if (again) this.view.mark("reconnected", this.text.say("mark.reconnected"));
    else if (this.captions.utterances.size) this.view.mark("started", this.text.say("mark.started", { time }));
  }

  #event(message) {
    if (message.type === "error" && message.utterance == null) return this.#complaint(message);
    if (this.facts.link === "starting") this.state("ready");
    this.notices.settle("link"); // words come: whatever was between us and the server is over
    const utterance = this.captions.apply(message);
    if (!utterance) return;
    this.view.show(utterance);
    if (message.type === "result") this.#judged(utterance);
    document.body.toggleAttribute("data-spoken", this.view.rows.size > 0);
    this.#draw();
    this.following.step();
  }

  /** An error of the session itself that does not end it. */
  #complaint({ code, message, retryable }) {
    if (code === "not_ready") {
      this.state("starting");
      this.notices.show("starting", { reason: message });
    } else if (code === "timeout") this.notices.show("unfinished");
    else this.notices.show(retryable ? "trouble" : "error", { message });
  }

  #judged(utterance) {
    if (!utterance.text) return;
    this.horizon.show(this.captions.spoken(), this.text);
    const heard = document.createElement("p");
    heard.lang = utterance.language ?? "";
    heard.textContent = spokenForm(utterance, this.text);
    byId("announcer").replaceChildren(heard);
  }

  /** The session's connection is gone: settle what it left open. */
  #cut() {
    if (!this.session) return;
    const { cut, gone } = this.captions.disconnect(this.session);
    for (const utterance of cut) this.view.show(utterance);
    for (const utterance of gone) this.view.remove(utterance.key);
    this.session = null;
  }

  #level(level) {
    this.meter.take(level);
    this.#glow(Math.min(1, level.peak * 1.5));
  }

  /** Set where it is used: on the body it would restyle every caption twelve times a second. */
  #glow(level) {
    for (const node of [byId("horizon"), byId("stop")]) node.style.setProperty("--level", level.toFixed(2));
  }

  #ended() {
    this.#cut();
    this.listening = null;
    this.meter.rest();
    this.#glow(0);
    ["link", "silence", "suspended"].forEach((group) => this.notices.settle(group));
    if (this.facts.phase === "ended") showSummary(this.captions, this.text);
    this.#draw();
    if (this.captions.utterances.size) this.following.step();
  }

  clear() {
    this.captions.clear();
    this.view.clear();
    this.horizon.show([], this.text);
    hideSummary();
    document.body.removeAttribute("data-spoken");
    this.#draw();
  }

  /** Leaving for good or into the back-forward cache: nobody hears any more. */
  leave() {
    if (!this.listening) return;
    this.listening.abandon();
    this.notices.show("hidden");
  }

  /** In front again: phones take the microphone away behind the page's back. */
  look() {
    if (this.facts.phase === "live") this.listening.look();
  }

  devicesChanged() {
    this.settings.listDevices();
    if (this.facts.problem === "nodevice") this.#forgive();
  }

  permitted() {
    if (this.facts.problem === "denied") this.#forgive();
  }

  /** What hindered is gone: ready for another click. */
  #forgive() {
    this.state("forgive");
    this.notices.settle("problem");
  }

  #draw() {
    const state = name(this.facts);
    const may = allowed(this.facts);
    document.body.dataset.state = state;
    const told = this.text.say(`state.${state}`);
    if (byId("status").textContent !== told) byId("status").textContent = told;
    this.#swap(may);
    byId("mute").hidden = !may.mute;
    byId("mute").ariaPressed = String(this.facts.muted);
    this.settings.rest(may);
    byId("elapsed").textContent = this.captions.end ? clock(this.captions.end) : "";
    for (const id of ["save-txt", "save-json"]) byId(id).disabled = !this.captions.spoken().length;
    byId("clear").disabled = !may.start || !this.captions.utterances.size;
  }

  /** Start and stop take each other's place, and the keyboard's focus with it. */
  #swap(may) {
    const [start, stop] = [byId("start"), byId("stop")];
    const focused = [start, stop].includes(document.activeElement);
    const stopping = this.facts.phase === "stopping";
    start.hidden = !may.start && (may.stop || stopping);
    stop.hidden = !start.hidden;
    start.disabled = !may.start;
    stop.disabled = !may.stop;
    if (focused) (start.hidden ? stop : start).focus({ preventScroll: true });
  }
}
