import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Link, RULES } from "../../../web/js/link.js";

/** A world with its own clock: sockets are driven by hand, time passes when told. */
class World {
  constructor() {
    this.time = 0;
    this.timers = [];
    this.sockets = [];
    this.reports = [];
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
    this.socket.onmessage({ data: JSON.stringify({ session: `s${this.sockets.length}`, ...message }) });
  }
  welcome() {
    this.socket.onopen();
    const limits = { max_frame_bytes: 262144, max_lead_seconds: 60, max_utterance_seconds: 15 };
    this.say({ type: "ready", samples: 0, sample_rate: 16000, limits });
  }
  kinds = () => this.reports.map((r) => r.type);
}

const samplesIn = (socket) => socket.sent.filter((d) => typeof d !== "string").flatMap((b) => [...new Float32Array(b)]);
const textsIn = (socket) => socket.sent.filter((d) => typeof d === "string").map((t) => JSON.parse(t));
let world, link, spoken;

/** Speak n blocks of 1024 samples whose values are their position / 2^22. */
function speak(blocks) {
  for (let i = 0; i < blocks; i++) {
    link.hear(Float32Array.from({ length: 1024 }, (_, k) => (spoken + k) / 2 ** 22));
    spoken += 1024;
  }
}
const positions = (socket) => samplesIn(socket).map((value) => Math.round(value * 2 ** 22));

beforeEach(() => {
  world = new World();
  link = new Link(world, { ...RULES, keepSeconds: 2 });
  spoken = 0;
  link.start({ url: "ws://here/ws", sampleRate: 16000, language: null, task: "transcribe" });
});

test("start goes first; what was heard before ready is sent after it", () => {
  speak(3);
  world.welcome();
  speak(1);
  assert.deepEqual(textsIn(world.socket)[0], {
    type: "start", version: 1, sample_rate: 16000, format: "f32le", language: null, task: "transcribe", partials: true,
  });
  assert.deepEqual(positions(world.socket), Array.from({ length: 4096 }, (_, i) => i));
});

test("a broken connection: a new session gets what was not accepted, and its offset is told", () => {
  world.welcome();
  speak(10);
  world.say({ type: "accepted", samples: 5000 });
  world.socket.onclose({ code: 1006, reason: "" });
  speak(2);
  world.pass(1000);
  world.welcome();
  assert.equal(world.sockets.length, 2);
  assert.deepEqual(positions(world.socket), Array.from({ length: 12 * 1024 - 5000 }, (_, i) => 5000 + i));
  const ready = world.reports.filter((r) => r.type === "ready");
  assert.deepEqual([ready[0].again, ready[1].again, ready[1].offset, ready[1].lost], [false, true, 5000 / 16000, 0]);
});

test("a black hole is noticed by missing answers, pongs keep it alive", () => {
  world.welcome();
  for (let i = 0; i < 10; i++) {
    world.pass(2500);
    world.say({ type: "pong", id: i });
  }
  assert.equal(world.sockets.length, 1);
  world.pass(RULES.deadMs + 2000);
  assert.ok(world.sockets[0].closed);
  assert.equal(world.sockets.length, 2);
});

test("a gateway that is far behind with the words is given longer", () => {
  world.welcome();
  world.say({ type: "accepted", samples: 50 * 16000 });
  world.pass(20_000);
  assert.equal(world.sockets.length, 1);
  world.pass(15_000);
  assert.ok(world.sockets.length > 1);
});

test("an endless outage keeps the newest audio and says what was lost", () => {
  world.welcome();
  world.socket.onclose({ code: 1006 });
  speak(Math.ceil((3 * 16000) / 1024));
  world.pass(1000);
  world.welcome();
  const { lost } = world.reports.findLast((r) => r.type === "ready");
  assert.ok(lost > 0.9 && lost < 1.2, `${lost}`);
  assert.equal(samplesIn(world.socket).length, 2 * 16000);
});

test("stop comes after the last sample, done ends it", () => {
  world.welcome();
  speak(1);
  link.finish();
  link.finish();
  speak(1);
  assert.deepEqual(textsIn(world.socket).at(-1), { type: "stop" });
  assert.equal(positions(world.socket).length, 1024);
  world.say({ type: "done", samples: 1024, utterances: 0 });
  assert.equal(world.reports.at(-1).reason, "done");
  world.pass(60_000);
  assert.equal(world.sockets.length, 1);
});

test("a connection that breaks after stop: the rest and the stop are sent again", () => {
  world.welcome();
  speak(2);
  link.finish();
  world.socket.onclose({ code: 1012 });
  world.pass(1000);
  world.welcome();
  assert.equal(positions(world.socket).length, 2048);
  assert.deepEqual(textsIn(world.socket).at(-1), { type: "stop" });
});

test("without an answer to stop it ends, and says so", () => {
  speak(1);
  link.finish();
  world.pass(RULES.finishOfflineMs + 1000);
  assert.deepEqual([world.reports.at(-1).type, world.reports.at(-1).reason], ["ended", "unfinished"]);
});

test("full: it waits longer and tries again; refused: it does not", () => {
  world.socket.onopen();
  world.say({ type: "error", session: null, code: "full", message: "no place", retryable: true });
  world.socket.onclose({ code: 1013 });
  assert.deepEqual([world.reports.at(-1).full, world.reports.at(-1).wait], [true, RULES.fullWaitMs]);
  world.pass(RULES.fullWaitMs);
  assert.equal(world.sockets.length, 2);
  world.socket.onopen();
  world.say({ type: "error", session: null, code: "bad_start", message: "no such language", retryable: false });
  world.socket.onclose({ code: 4000 });
  assert.deepEqual([world.reports.at(-1).reason, world.reports.at(-1).message], ["refused", "no such language"]);
  world.pass(60_000);
  assert.equal(world.sockets.length, 2);
});

test("a client that did not read (4008) comes back", () => {
  world.welcome();
  world.say({ type: "error", code: "slow_reader", message: "m", retryable: true });
  world.socket.onclose({ code: 4008 });
  assert.ok(world.kinds().includes("down"));
});

test("what the ring gives up while the socket stalls is sent as silence, so that times stay right", () => {
  world.welcome();
  world.socket.bufferedAmount = 2_000_000;
  speak(Math.ceil((3 * 16000) / 1024));
  world.socket.bufferedAmount = 0;
  world.pass(500);
  assert.equal(samplesIn(world.socket).length, spoken);
  assert.ok(world.kinds().includes("gap"));
  assert.equal(positions(world.socket).at(-1), spoken - 1);
});
