import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { RULES } from "../../../web/js/link.js";
import { listening, positions, samplesIn, textsIn } from "./listening.mjs";

let world, link, speak;

beforeEach(() => ({ world, link, speak } = listening()));

test("start goes first; what was heard before ready is sent after it", () => {
  speak(3);
  world.welcome();
  speak(1);
  assert.deepEqual(textsIn(world.socket)[0], {
    type: "start", version: 1, sample_rate: 16000, format: "f32le", language: null, task: "transcribe", partials: true,
  });
  assert.deepEqual(positions(world.socket), Array.from({ length: 4096 }, (_, i) => i));
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
  const { reason, code, message } = world.reports.at(-1);
  assert.deepEqual([reason, code, message], ["refused", "bad_start", "no such language"]);
  world.pass(60_000);
  assert.equal(world.sockets.length, 2);
});

test("full for a while: it waits as long as it was told, within a bound, and tells that", () => {
  const refuse = (retry_after) => {
    world.socket.onopen();
    world.say({ type: "error", session: null, code: "full", message: "m", retryable: true, retry_after });
    world.socket.onclose({ code: 1013 });
    return world.reports.at(-1);
  };
  const first = refuse(10);
  assert.deepEqual([first.full, first.asked, first.wait], [true, 10, 12_000], "at most a fifth more, by chance");
  world.pass(12_000);
  assert.equal(refuse(3600).wait, RULES.longestFullWaitMs * 1.2);
  world.pass(RULES.longestFullWaitMs * 1.2);
  assert.ok(refuse(0.5).wait >= 1600, "never sooner than the back-off of the third attempt");
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
  assert.equal(samplesIn(world.socket).length, 47 * 1024);
  assert.ok(world.kinds().includes("gap"));
  assert.equal(positions(world.socket).at(-1), 47 * 1024 - 1);
});
