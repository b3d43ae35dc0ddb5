/** A session that goes on over several sockets, and what happens where it cannot. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { listening, positions, samplesIn, textsIn } from "./listening.mjs";

let world, link, speak;

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
const transcript = (seq, utterance = seq) => ({ type: "transcript", seq, utterance, start: 0, end: 1, text: `${seq}` });
const heard = () => world.of("message").map(({ message }) => message.seq);
const refuse = (code, name, more = {}) => {
  world.socket.onopen();
  world.say({ type: "error", code: name, message: name, retryable: false, ...more });
  world.socket.onclose({ code });
};

beforeEach(() => ({ world, link, speak } = listening()));

test("a broken connection: the same session goes on with what the server has not got", () => {
  world.welcome();
  speak(10);
  world.say({ type: "accepted", samples: 5000 });
  world.say(transcript(1));
  world.cut();
  speak(2);
  assert.equal(world.sockets.length, 2);
  world.welcome({ resumed: true, samples: 6000 });
  const { session, key, after, sample_rate } = textsIn(world.socket)[0];
  assert.deepEqual({ session, key, after, sample_rate }, { session: "s1", key: "key of s1", after: 1, sample_rate: 16000 });
  assert.deepEqual(positions(world.socket), range(6000, 12 * 1024));
  const [first, second] = world.of("ready");
  assert.deepEqual([first.again, second.again, second.offset, second.lost], [false, true, first.offset, 0]);
  assert.deepEqual([first.resumed, second.resumed], [false, true]);
  world.say({ type: "accepted", samples: 12 * 1024 });
  assert.equal(link.ring.first, 12 * 1024, "counts are still those of the session");
});

test("an event that comes again is dropped, whichever socket it comes on", () => {
  world.welcome();
  for (const seq of [1, 2, 2, 1, 3]) world.say(transcript(seq));
  world.cut();
  world.welcome({ resumed: true });
  for (const seq of [2, 3, 4]) world.say(transcript(seq));
  world.cut();
  world.welcome({ resumed: true });
  assert.equal(textsIn(world.socket)[0].after, 4);
  for (const seq of [4, 5]) world.say(transcript(seq));
  assert.deepEqual(heard(), [1, 2, 3, 4, 5]);
});

test("partials and errors of the session have no number and always come through", () => {
  world.welcome();
  world.say(transcript(7));
  world.say({ type: "partial", utterance: 8, start: 1, end: 2, stable: "a", tail: "b" });
  world.say({ type: "error", code: "events_lost", message: "m", seq: null, utterance: null });
  assert.deepEqual(world.of("message").map(({ message }) => message.type), ["transcript", "partial", "error"]);
});

test("a session that is lost: at once a new one, with what was not accepted", () => {
  world.welcome();
  speak(10);
  world.say({ type: "accepted", samples: 5000 });
  world.say(transcript(9));
  world.cut();
  refuse(4004, "cannot_resume");
  assert.equal(world.sockets.length, 3, "without waiting");
  assert.equal(world.of("forgotten").length, 1);
  world.session = "s2";
  world.welcome();
  assert.equal(textsIn(world.socket)[0].session, undefined);
  assert.deepEqual(positions(world.socket), range(5000, 10 * 1024));
  assert.deepEqual(world.of("ready").map((r) => r.offset), [0, 5000 / 16000]);
  world.say(transcript(1));
  assert.deepEqual(heard(), [9, 1], "numbers begin again");
  world.cut();
  world.socket.onopen();
  assert.equal(textsIn(world.socket)[0].session, "s2");
});

test("a server that gives another session instead is taken at its word", () => {
  world.welcome();
  speak(2);
  world.cut();
  world.session = "s2";
  world.welcome({ resumed: true });
  assert.equal(world.of("ready").at(-1).resumed, false);
  assert.deepEqual(positions(world.socket), range(0, 2048));
  world.say(transcript(1));
  assert.deepEqual(heard(), [1]);
});

test("a session without a key is not asked for again", () => {
  world.welcome({ key: "" });
  world.cut();
  world.socket.onopen();
  assert.equal("session" in textsIn(world.socket)[0], false);
});

test("taken over by another window: it ends and does not come back", () => {
  world.welcome();
  refuse(4009, "taken_over");
  assert.equal(world.reports.at(-1).reason, "taken_over");
  world.pass(60_000);
  assert.equal(world.sockets.length, 1);
});

test("taken over by an attempt of its own that the server came round to late: it takes the session back", () => {
  world.welcome();
  world.cut();
  world.socket.onopen();
  world.pass(30_000); // no answer: given up, and another attempt made
  world.welcome({ resumed: true });
  refuse(4009, "taken_over");
  world.pass(2000);
  assert.notEqual(world.reports.at(-1).type, "ended");
  world.welcome({ resumed: true });
  for (let n = 0; n < 70; n += 1) {
    world.say({ type: "pong", id: n });
    world.pass(500);
  }
  refuse(4009, "taken_over");
  assert.equal(world.reports.at(-1).reason, "taken_over");
});

test("a connection that breaks after stop: it resumes, sends the rest and the stop again", () => {
  world.welcome();
  speak(2);
  link.finish();
  assert.deepEqual(textsIn(world.socket).at(-1), { type: "stop" });
  world.cut(1012);
  world.welcome({ resumed: true, samples: 1024 });
  assert.equal(textsIn(world.socket)[0].session, "s1");
  assert.deepEqual(positions(world.socket), range(1024, 2048));
  assert.deepEqual(textsIn(world.socket).at(-1), { type: "stop" });
  world.say({ type: "done", samples: 2048, utterances: 1 });
  assert.equal(world.reports.at(-1).reason, "done");
});

test("an outage longer than the ring: what it gave up is sent as silence, and told", () => {
  world.welcome();
  speak(5);
  world.say({ type: "accepted", samples: 1000 });
  world.cut();
  speak(45);
  const given = 50 * 1024 - 2 * 16000;
  world.welcome({ resumed: true, samples: 5000 });
  const sent = samplesIn(world.socket);
  assert.equal(sent.length, 50 * 1024 - 5000);
  assert.ok(sent.slice(0, given - 5000).every((sample) => sample === 0));
  assert.deepEqual(positions(world.socket).slice(given - 5000), range(given, 50 * 1024));
  const gaps = world.of("gap").reduce((sum, { seconds }) => sum + seconds, 0);
  assert.ok(Math.abs(gaps - (given - 5000) / 16000) < 1e-9, `${gaps}`);
});

test("an outage longer than the ring, and the session lost: the newest audio goes on, and the loss is told", () => {
  world.welcome();
  world.cut();
  refuse(4004, "cannot_resume");
  speak(47);
  world.session = "s2";
  world.welcome();
  const { lost, offset } = world.of("ready").at(-1);
  assert.equal(lost, (47 * 1024 - 32000) / 16000);
  assert.equal(offset, lost);
  assert.equal(samplesIn(world.socket).length, 32000);
});

test("after a reload: everything is asked for again, and the sound goes on where the session stands", () => {
  ({ world, link, speak } = listening({ resume: { session: "s1", key: "mine" } }));
  speak(2);
  world.welcome({ resumed: true, samples: 160_000, key: "mine" });
  const { session, key, after } = textsIn(world.socket)[0];
  assert.deepEqual([session, key, after], ["s1", "mine", 0]);
  assert.deepEqual(positions(world.socket), range(0, 2048));
  assert.deepEqual([world.of("ready")[0].offset, world.of("ready")[0].again], [-10, false]);
  world.say({ type: "accepted", samples: 161_000 });
  assert.equal(link.ring.first, 1000);
  assert.equal(world.of("accepted")[0].seconds, 161_000 / 16_000);
  world.cut();
  world.welcome({ resumed: true, samples: 161_500, key: "mine" });
  assert.deepEqual(positions(world.socket), range(1500, 2048));
});

test("after a reload with another rate: counts are at the new one", () => {
  ({ world, link, speak } = listening({ sampleRate: 48000, resume: { session: "s1", key: "mine" } }));
  speak(4);
  world.welcome({ resumed: true, samples: 480_000, sample_rate: 48000 });
  assert.equal(world.of("ready")[0].offset, -10);
  world.say({ type: "accepted", samples: 481_000 });
  assert.equal(link.ring.first, 1000);
});

test("after a reload the session is gone: a new one begins with what was said since", () => {
  ({ world, link, speak } = listening({ resume: { session: "s1", key: "mine" } }));
  speak(2);
  refuse(4004, "cannot_resume");
  world.session = "s2";
  world.welcome();
  assert.deepEqual(positions(world.socket), range(0, 2048));
  assert.deepEqual(world.kinds().filter((kind) => kind !== "message"), ["forgotten", "ready"]);
});
