/**
 * One listening, from the click on start to the last result: joins microphone and socket worker,
 * turns what they report into state events, and passes the gateway's messages on.
 */
import { Hearing } from "./hearing.js";
import { RULES } from "./link.js";
import { Microphone, MicrophoneProblem } from "./microphone.js";
import { firstReason } from "./readiness.js";

const FLUSH_MS = 700;
const socketUrl = () => new URL("ws", document.baseURI).href.replace(/^http/, "ws");

export class Listening {
  /**
   * @param {{state: (event: string, problem?: string) => void, notice: (kind: string, values?: object) => void,
   *          settle: (kind: string) => void, message: (event: object) => void, level: (level: object) => void,
   *          ended: () => void}} page
   */
  constructor(page, { raw, deviceId, language, task, resume }) {
    this.page = page;
    this.wanted = { language, task, resume };
    this.deviceId = deviceId;
    this.over = false;
    this.missing = 0; // seconds of speech that could not be kept
    this.hearing = new Hearing();
    this.microphone = new Microphone((event) => this.#microphone(event), { raw });
    this.worker = new Worker(new URL("socket-worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.#link(data);
    this.worker.onerror = (event) => this.#fail("error", event.message || "the page's socket worker could not be loaded");
  }

  async start() {
    const { port1, port2 } = new MessageChannel();
    try {
      await this.microphone.open(this.deviceId, port1);
    } catch (error) {
      return this.#fail(error instanceof MicrophoneProblem ? error.problem : "error", error.message);
    }
    if (this.over) return this.microphone.close();
    this.page.state("granted");
    const settings = { url: socketUrl(), sampleRate: this.microphone.sampleRate, ...this.wanted };
    this.worker.postMessage({ type: "start", settings, health: new URL("health/ready", document.baseURI).href });
    this.worker.postMessage({ type: "pipe", pipe: port2 }, [port2]);
    this.#keepAwake();
  }

  /** Before the microphone was granted. */
  cancel() {
    this.page.state("cancel");
    this.#end();
  }

  /** No more sound; the words said before still come. */
  stop() {
    this.microphone.flush();
    this.worker.postMessage({ type: "finish", within: FLUSH_MS });
    setTimeout(() => this.microphone.close(), FLUSH_MS);
    this.page.state("stop");
  }

  /** The page goes away: let go of everything at once. */
  abandon() {
    this.page.state("done");
    this.#end();
  }

  mute(muted) {
    this.microphone.mute(muted);
    this.hearing.reset();
    this.page.settle("silence");
    this.page.state(muted ? "mute" : "unmute");
  }

  async use(deviceId) {
    try {
      await this.microphone.use(deviceId);
      this.hearing.reset();
    } catch (error) {
      if (this.microphone.closed) return;
      this.page.notice(error instanceof MicrophoneProblem ? error.problem : "error", { message: error.message });
    }
  }

  async resume() {
    if (await this.microphone.resume()) this.#microphone({ type: "resumed" });
    else this.#lost();
  }

  /** The page is in front again: is the microphone still what it was? */
  look() {
    this.#keepAwake();
    if (this.microphone.track?.readyState === "ended") this.#lost();
    else if (this.microphone.context.state !== "running") this.resume();
  }

  #microphone(event) {
    if (this.over) return;
    if (event.type === "level") this.#level(event);
    if (event.type === "lost") this.#lost();
    if (event.type === "suspended") {
      this.page.state("suspended");
      this.page.notice("suspended");
    }
    if (event.type === "resumed") {
      this.page.state("resumed");
      this.page.settle("suspended");
    }
  }

  #level(level) {
    this.page.level(level);
    if (this.microphone.muted) return;
    const before = this.hearing.state;
    const state = this.hearing.take(level);
    if (state === before) return;
    this.page.settle("silence");
    if (state !== "heard") this.page.notice(state);
    this.page.state(state === "heard" ? "heard" : "quiet");
  }

  /** The track ended. Another device may take over (a headset went away); a withdrawn permission ends it. */
  async #lost() {
    if (this.over || this.losing) return;
    this.losing = true;
    try {
      const device = await this.microphone.use(null);
      this.page.notice("switched", { device });
      this.hearing.reset();
      this.losing = false;
    } catch {
      if (this.microphone.closed) return;
      this.page.notice("lost");
      this.stop();
    }
  }

  #link(event) {
    if (this.over) return;
    const { page } = this;
    if (event.type === "ready") {
      this.waiting = false;
      page.state("ready");
      page.settle("link");
      this.missing += event.lost;
      if (event.lost >= 0.5) page.notice("gap", { seconds: Math.round(this.missing) });
    }
    if (event.type === "gap") page.notice("gap", { seconds: Math.ceil((this.missing += event.seconds)) });
    if (event.type === "down") {
      if (!this.waiting) page.state(event.full ? "full" : "lost");
      if (event.full) page.notice(event.asked ? "full_for" : "full", { seconds: RULES.keepSeconds, wait: Math.ceil(event.asked) });
    }
    if (event.type === "starting") {
      this.waiting = true; // each further attempt fails too: the state stays
      page.state("starting");
      page.notice("starting", { reason: firstReason(event.health) });
    }
    if (event.type === "unreachable") {
      this.waiting = false;
      page.state("lost");
      page.notice("unreachable", { address: location.host });
    }
    if (event.type === "ended") return this.#ended(event);
    page.message(event);
  }

  #ended(event) {
    if (event.reason === "refused") return this.#fail("error", { code: event.code, message: event.message });
    if (event.reason !== "done") this.page.notice(event.reason);
    this.page.message(event);
    this.page.state("done");
    this.#end();
  }

  #fail(problem, message) {
    if (this.over) return;
    this.page.state("fail", problem);
    this.page.notice(problem, { message });
    this.#end();
  }

  #end() {
    this.over = true;
    this.microphone.close();
    this.worker.terminate();
    this.lock?.release();
    this.page.ended();
  }

  /** A phone that dims its screen also takes the microphone away. */
  async #keepAwake() {
    try {
      this.lock = await navigator.wakeLock?.request("screen");
      if (this.over) this.lock?.release();
    } catch (error) {
      console.info("the screen may turn off while listening:", error.message); // low battery, or hidden
    }
  }
}
