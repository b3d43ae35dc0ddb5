/** The page: takes clicks and events, keeps the facts and the captions, and shows what they come to. */
import { Beforehand } from "./beforehand.js";
import { Conversation } from "./conversation.js";
import { LastSession } from "./last-session.js";
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
    this.last = new LastSession();
    this.resume = null; // the session that the present listening goes on with
    this.conversation = new Conversation(text);
    this.meter = new Meter(byId("meter"), () => Math.max(byId("start").offsetWidth, byId("stop").offsetWidth));
    this.settings = new Settings(text, (deviceId) => this.listening?.use(deviceId));
    this.notices = new Notices(byId("notices"), byId("alerts"), text, {
      retry: () => this.start(this.resume),
      resume: () => this.listening?.resume(),
      goon: () => this.goOn(),
      dismiss: (kind) => kind === "offer" && this.#decline(),
    });
    this.beforehand = new Beforehand(this.notices);
    this.#buttons();
    this.speak(language);
    const missing = obstacle();
    this.beforehand.ask(); // recordings are also for who has no microphone
    if (missing) return this.refuse(missing);
    this.#offer();
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
    this.conversation.speak();
    if (!byId("summary").hidden) showSummary(this.captions, this.text);
    this.#draw();
  }

  get captions() {
    return this.conversation.captions;
  }

  /** A session of this tab is still there: after a reload, or when the server did not finish. */
  #offer() {
    const last = this.last.read();
    if (!last) return;
    const values = { time: new Date(last.at) };
    this.notices.show("offer", values);
    byId("announcer").textContent = this.text.say("notice.offer", values);
  }

  goOn() {
    const last = this.last.read();
    if (last) this.settings.choose(last);
    this.start(last);
    byId("stop").focus({ preventScroll: true }); // the button that had it is gone
  }

  #decline() {
    this.last.forget();
    byId("start").focus({ preventScroll: true });
  }

  /** In the click itself: the browser lets sound begin only there. `resume`: go on with that session. */
  start(resume = null) {
    if (!allowed(this.facts).start) return;
    this.beforehand.end();
    hideSummary();
    for (const group of ["problem", "link", "silence", "microphone", "end", "gap", "session", "events"]) this.notices.settle(group);
    this.state("start");
    this.resume = resume;
    this.conversation.begin();
    const chosen = this.settings.chosen();
    try {
      this.listening = new Listening(this.#doors(), { ...chosen, resume, raw: params.get("raw") === "1" });
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
    if (event.type === "ready") this.#ready(event);
    if (event.type === "accepted") this.conversation.accept(event.seconds);
    if (event.type === "message") this.#event(event.message);
    if (event.type === "forgotten") {
      this.last.forget();
      this.notices.show("forgotten");
    }
    if (event.type === "ended" && event.reason !== "unfinished") this.last.forget();
  }

  #ready(event) {
    const { session, key, demo_models: demo } = event.message;
    const { language, task } = this.settings.chosen();
    if (!event.resumed) this.last.keep({ session, key, language, task, at: Date.now() });
    if (demo) this.notices.show("demo");
    this.conversation.open(event);
  }

  #event(message) {
    if (message.type === "error" && message.utterance == null) {
      if (message.code === "not_ready") this.state("starting");
      return this.notices.complain(message);
    }
    if (this.facts.link === "starting") this.state("ready");
    this.notices.settle("link"); // words come: whatever was between us and the server is over
    if (this.conversation.take(message)) this.#draw();
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
    this.conversation.cut();
    this.listening = null;
    this.meter.rest();
    this.#glow(0);
    ["link", "silence", "suspended"].forEach((group) => this.notices.settle(group));
    if (this.facts.phase === "ended") showSummary(this.captions, this.text);
    this.#draw();
    this.#offer();
    if (this.captions.utterances.size) this.conversation.following.step();
  }

  clear() {
    this.conversation.clear();
    this.last.forget();
    this.notices.settle("session");
    hideSummary();
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
