/** A Link in a world with its own clock: sockets are driven by hand, time passes when told. */
import { Link, RULES } from "../../../web/js/link.js";

export const LIMITS = { max_frame_bytes: 262144, max_lead_seconds: 60, max_utterance_seconds: 15 };

export class World {
  constructor() {
    this.time = 0;
    this.timers = [];
    this.sockets = [];
    this.reports = [];
    this.session = "s1";
  }
  open = (url) => {
    const socket = { url, sent: [], bufferedAmount: 0, closed: false, send: (data) => socket.sent.push(data), close: () => (socket.closed = true) };
    this.sockets.push(socket);
    return socket;
  };
  report = (event) => this.reports.push(event);
  now = () => this.time;
  random = () => 1;
  after = (ms, run) => this.timers.push({ at: this.time + ms, run });

  pass(ms) {
    const until = this.time + ms;
    for (;;) {
      const [next] = this.timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.time = next.at;
      next.run();
    }
    this.time = until;
  }
  get socket() {
    return this.sockets.at(-1);
  }
  say(message) {
    this.socket.onmessage({ data: JSON.stringify({ session: this.session, ...message }) });
  }
  /** `ready` of a new session, or with `resumed` and `samples` of the one before. */
  welcome(more = {}) {
    this.socket.onopen();
    this.say({ type: "ready", samples: 0, sample_rate: 16000, limits: LIMITS, resumed: false, key: `key of ${this.session}`, ...more });
  }
  /** The socket dies, and another one is opened after the back-off. */
  cut(code = 1006) {
    const { socket } = this;
    socket.onclose({ code, reason: "" });
    this.pass(1000);
  }
  of = (type) => this.reports.filter((r) => r.type === type);
  kinds = () => this.reports.map((r) => r.type);
}

/** Begins a listening; `speak(n)` says n blocks of 1024 samples whose values are their position / 2^22. */
export function listening({ sampleRate = 16000, resume = null } = {}) {
  const world = new World();
  const link = new Link(world, { ...RULES, keepSeconds: 2 });
  let spoken = 0;
  const speak = (blocks) => {
    for (let i = 0; i < blocks; i++) {
      link.hear(Float32Array.from({ length: 1024 }, (_, k) => (spoken + k) / 2 ** 22));
      spoken += 1024;
    }
  };
  link.start({ url: "ws://here/ws", sampleRate, language: null, task: "transcribe", resume });
  return { world, link, speak };
}

export const samplesIn = (socket) => socket.sent.filter((d) => typeof d !== "string").flatMap((b) => [...new Float32Array(b)]);
export const positions = (socket) => samplesIn(socket).map((value) => Math.round(value * 2 ** 22));
export const textsIn = (socket) => socket.sent.filter((d) => typeof d === "string").map((t) => JSON.parse(t));
