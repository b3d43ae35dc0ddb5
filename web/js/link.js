/**
 * One listening's connection to the gateway, over as many sockets as it takes. The socket, the clock
 * and chance arrive as arguments; `socket-worker.js` brings the real ones.
 *
 * Audio stays in a ring until it is accepted. When a socket dies the session goes on with another one:
 * what was not accepted is sent again, events that came before are dropped. Where the server has lost
 * the session, a new one gets what was not accepted. `offset` in the report says at which second of
 * the listening the session's time begins.
 */
import { waitMs } from "./backoff.js";
import { FORMAT, captured, forgettable, frame, frameLimit } from "./framer.js";
import { Ring } from "./ring.js";
import { Session } from "./session.js";

export const RULES = Object.freeze({
  keepSeconds: 120,
  tickMs: 500,
  pingMs: 2500,
  deadMs: 5000,
  deadBehindMs: 30_000,
  openMs: 10_000,
  steadyMs: 30_000,
  finishMs: 90_000,
  finishOfflineMs: 20_000,
  fullWaitMs: 5000,
  longestFullWaitMs: 20_000, // the ring keeps two minutes; a place may come sooner than expected
  mostBuffered: 1_000_000,
});

/** Close codes after which trying again cannot help: what was sent, or who sent it, is refused. */
const FATAL = new Set([1002, 1003, 1007, 1008, 1009, 1010]);
const TRY_LATER = 1013;
const CANNOT_RESUME = 4004;
const TAKEN_OVER = 4009;

/** Errors that only announce a close, which says the same and is acted on here. */
const ANNOUNCED = new Set(["full", "cannot_resume", "taken_over"]);
const isFatal = (code, complaint) => FATAL.has(code) || (code >= 4000 && code < 4100 && complaint?.retryable === false);

export class Link {
  /**
   * @param {{open: (url: string) => WebSocket, report: (event: object) => void, now: () => number,
   *          after: (ms: number, run: () => void) => void, random: () => number}} world
   * @param {typeof RULES} rules
   */
  constructor(world, rules = RULES) {
    this.world = world;
    this.rules = rules;
    this.socket = null;
    this.ready = false;
    this.ended = false;
    this.attempt = 0;
    this.session = null;
    this.sent = 0; // ring position up to which the current session has been sent
    this.kept = 0; // ring position before which nothing can be lost any more: accepted
    this.accepted = this.worded = 0; // the session's seconds: taken by the server; written down
    this.connections = 0;
    this.pings = 0;
    this.complaint = null; // the last error of the session itself, told just before a close
    this.strays = 0; // attempts to resume of which we do not know what became: one may be what takes over now
    this.flushed = false;
    this.stopSent = false;
    this.finishBy = Infinity;
  }

  /**
   * @param {{url: string, sampleRate: number, language: string|null, task: string,
   *          resume: {session: string, key: string}|null}} settings `resume`: go on with this session
   */
  start(settings) {
    this.settings = settings;
    this.session = settings.resume ? new Session(settings.resume) : null;
    this.ring = new Ring(this.rules.keepSeconds * settings.sampleRate);
    this.connect();
    this.tick();
  }

  /** @param {Float32Array} block */
  hear(block) {
    if (this.flushed || this.ended) return;
    this.ring.push(block);
    this.pump();
  }

  /** Nothing more will be heard: send the rest, say `stop`, wait for `done`. */
  finish() {
    if (this.flushed || this.ended) return;
    this.flushed = true;
    const { finishMs, finishOfflineMs } = this.rules;
    this.finishBy = this.world.now() + (this.ready ? finishMs : finishOfflineMs);
    this.pump();
  }

  end(reason, detail = {}) {
    if (this.ended) return;
    this.ended = true;
    this.discard();
    this.world.report({ type: "ended", reason, ...detail });
  }

  connect() {
    this.opened = this.heardAt = this.pingedAt = this.world.now();
    this.complaint = null;
    const socket = this.world.open(this.settings.url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    const { sampleRate, language, task } = this.settings;
    const start = { type: "start", version: 1, sample_rate: sampleRate, format: FORMAT, language, task, partials: true };
    this.claimed = false;
    socket.onopen = () => {
      this.claimed = Boolean(this.session);
      socket.send(JSON.stringify({ ...start, ...this.session?.claim() }));
    };
    socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.lost(code, reason);
  }

  receive(message) {
    this.heardAt = this.world.now();
    if (message.type === "ready") this.welcome(message);
    else if (message.type === "accepted") this.accept(message.samples);
    else if (message.type === "done") this.end("done", { message });
    else if (message.type !== "pong" && (this.session?.takes(message) ?? true)) {
      if (message.type === "error" && message.utterance == null) this.complaint = message;
      if (ANNOUNCED.has(message.code)) return;
      if (message.type !== "partial" && message.end) this.worded = Math.max(this.worded, message.end);
      this.world.report({ type: "message", message });
    }
  }

  welcome(message) {
    const rate = this.settings.sampleRate;
    this.serverRate = message.sample_rate;
    const resumed = this.session?.isIn(message) ?? false;
    const at = captured(message.samples, rate, this.serverRate);
    let missing = 0; // a resumed session gets silence for what could not be kept
    if (!resumed) {
      missing = Math.max(0, this.ring.first - this.kept);
      this.session = new Session(message, this.ring.first - at);
      this.worded = 0;
    }
    this.session.base ??= this.kept - at;
    this.sent = this.kept = this.session.base + at;
    this.ring.forget(this.kept);
    this.ready = true;
    this.attempt = 0;
    this.stopSent = false;
    this.accepted = message.samples / this.serverRate;
    this.limits = message.limits;
    this.frameSamples = frameLimit(message.limits.max_frame_bytes);
    const offset = this.session.base / rate;
    this.world.report({ type: "ready", message, resumed, offset, again: this.connections > 0, lost: missing / rate });
    this.connections += 1;
    this.pump();
  }

  accept(samples) {
    const position = this.session.base + forgettable(samples, this.settings.sampleRate, this.serverRate);
    this.kept = Math.max(this.kept, Math.min(position, this.sent));
    this.ring.forget(this.kept);
    this.accepted = samples / this.serverRate;
    this.world.report({ type: "accepted", seconds: this.accepted });
  }

  pump() {
    if (!this.ready) return;
    while (this.sent < this.ring.end && this.socket.bufferedAmount < this.rules.mostBuffered) {
      // what the ring had to give up is sent as silence: the times of all that follows stay right
      const gap = Math.min(this.frameSamples, this.ring.first - this.sent);
      const samples = gap > 0 ? new Float32Array(gap) : this.ring.read(this.sent, this.frameSamples);
      if (gap > 0) this.world.report({ type: "gap", seconds: gap / this.settings.sampleRate });
      this.socket.send(frame(samples));
      this.sent += samples.length;
    }
    if (this.flushed && !this.stopSent && this.sent >= this.ring.end) {
      this.socket.send('{"type":"stop"}');
      this.stopSent = true;
    }
  }

  /** Twice a second: is the socket alive? A black hole raises no event and fills no buffer. */
  tick() {
    if (this.ended) return;
    const now = this.world.now();
    if (now > this.finishBy) return this.end("unfinished");
    if (this.ready && now - this.opened > this.rules.steadyMs) this.strays = 0;
    this.pump();
    if (this.socket && !this.ready && now - this.opened > this.rules.openMs) this.lost(0, "no answer");
    else if (this.ready && now - this.heardAt > this.patience()) this.lost(0, "no answer");
    else if (this.ready && now - this.pingedAt >= this.rules.pingMs) this.ping(now);
    this.world.after(this.rules.tickMs, () => this.tick());
  }

  /** A gateway that is far behind with the words stops reading, and answering pings, until it has caught up. */
  patience() {
    const behind = this.accepted - this.worded > 0.7 * this.limits.max_lead_seconds;
    return behind ? this.rules.deadBehindMs : this.rules.deadMs;
  }

  ping(now) {
    this.pingedAt = now;
    this.socket.send(JSON.stringify({ type: "ping", id: ++this.pings }));
  }

  lost(code, reason) {
    if (this.ended) return;
    const ours = code === TAKEN_OVER && this.strays > 0;
    if (ours) this.strays -= 1;
    else if (this.claimed && !this.ready) this.strays += 1;
    this.discard();
    const complaint = this.complaint;
    const told = complaint?.message || reason || "";
    if (code === TAKEN_OVER && !ours) return this.end("taken_over");
    if (code === CANNOT_RESUME && this.session) return this.renew();
    if (!ours && isFatal(code, complaint)) {
      return this.end("refused", { code: complaint?.code ?? code, message: told || `close code ${code}` });
    }
    const full = code === TRY_LATER && (complaint?.code ?? "full") === "full";
    const asked = (code === TRY_LATER && complaint?.retry_after) || 0;
    const wait = Math.max(this.laterMs(code, asked), waitMs(this.attempt++, this.world.random()));
    this.world.report({ type: "down", full, code, reason: told, attempt: this.attempt, wait, asked });
    this.world.after(wait, () => this.ended || this.connect());
  }

  /** A server that sends everybody away for a minute does not want everybody back in the same second. */
  laterMs(code, asked) {
    const { fullWaitMs, longestFullWaitMs } = this.rules;
    const told = Math.min(longestFullWaitMs, asked * 1000) * (1 + this.world.random() / 5);
    return code === TRY_LATER ? Math.max(asked ? 0 : fullWaitMs, told) : 0;
  }

  /** The server has lost the session: at once a new one, for all that was not accepted. */
  renew() {
    this.session = null;
    this.world.report({ type: "forgotten" });
    this.connect();
  }

  /** Let go of the socket without waiting for its close, which may never come. */
  discard() {
    const socket = this.socket;
    this.socket = null;
    this.ready = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
