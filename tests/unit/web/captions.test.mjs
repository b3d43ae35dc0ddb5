import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Captions, isComplete, isVisible } from "../../../web/js/captions.js";

let captions;
const partial = (utterance, stable, tail, end = 1) => ({ type: "partial", session: "a", utterance, start: 0.2, end, stable, tail });
const transcript = (seq, utterance, text, more = {}) => ({
  type: "transcript", session: "a", seq, utterance, start: 0.2, end: 2, text, language: "en", confidence: 0.9, dropped: null, ...more,
});
const result = (seq, utterance, text, label, score) => ({
  ...transcript(seq, utterance, text), type: "result", sentiment: { label, score, scores: {}, model: "m", reason: null },
});

beforeEach(() => {
  captions = new Captions();
  captions.open("a", 0);
});

test("partials grow, the final replaces them, the result judges", () => {
  assert.equal(captions.apply(partial(0, "I", "like")).tail, "like");
  const final = captions.apply(transcript(1, 0, "I like it."));
  assert.deepEqual([final.text, final.stable, final.tail], ["I like it.", "", ""]);
  assert.equal(isComplete(final), false);
  assert.equal(captions.apply(result(2, 0, "I like it.", "POSITIVE", 0.9)).sentiment.label, "POSITIVE");
  assert.equal(isComplete(final), true);
  assert.equal(captions.utterances.size, 1);
});

test("a seq that was seen changes nothing", () => {
  captions.apply(transcript(1, 0, "One."));
  assert.equal(captions.apply(transcript(1, 0, "Other.")), null);
  assert.equal(captions.spoken()[0].text, "One.");
});

test("a partial after the final is ignored", () => {
  captions.apply(transcript(1, 0, "One."));
  assert.equal(captions.apply(partial(0, "Stale", "words")), null);
});

test("a dropped utterance is not visible, its partial neither", () => {
  captions.apply(partial(0, "", "mm"));
  const dropped = captions.apply(transcript(1, 0, "", { dropped: "no_speech" }));
  assert.equal(isVisible(dropped), false);
  assert.deepEqual(captions.spoken(), []);
});

test("an error belongs to its utterance and shows", () => {
  const failed = captions.apply({ type: "error", session: "a", seq: 1, utterance: 3, start: 1, end: 2, code: "stt_failed", message: "no memory" });
  assert.equal(failed.error.message, "no memory");
  assert.ok(isVisible(failed) && isComplete(failed));
});

test("times of a later session begin at its offset", () => {
  captions.open("b", 40);
  const later = captions.apply({ ...transcript(1, 0, "Later."), session: "b" });
  assert.deepEqual([later.start, later.end, captions.end], [40.2, 42, 42]);
});

test("a lost connection: what will be sent again leaves, what was accepted stays and is marked", () => {
  captions.apply(transcript(1, 0, "Complete."));
  captions.apply(result(2, 0, "Complete.", "NEUTRAL", 0));
  captions.apply(transcript(3, 1, "Not judged yet.", { end: 4 }));
  captions.apply(partial(2, "accepted", "words", 6));
  captions.apply(partial(3, "not", "accepted", 8));
  captions.accept("a", 7);
  const { cut, gone } = captions.disconnect("a");
  assert.deepEqual(cut.map((u) => u.number), [1, 2]);
  assert.deepEqual(gone.map((u) => u.number), [3]);
  assert.deepEqual([...captions.utterances.values()].map((u) => u.cut), [false, true, true]);
});

test("a session that goes on: only what is said again leaves, and nothing of it is doubled", () => {
  captions.apply(transcript(1, 0, "Not judged yet."));
  captions.apply(partial(1, "accepted", "words", 6));
  captions.apply(partial(2, "not", "accepted", 8));
  const { open, gone } = captions.resume("a", 7);
  assert.deepEqual([open, gone.map((u) => u.number)], [[], [2]]);
  captions.apply(transcript(1, 0, "Not judged yet."));
  captions.apply(result(2, 0, "Not judged yet.", "NEUTRAL", 0));
  captions.apply(transcript(3, 1, "Accepted words.", { end: 6 }));
  captions.apply(partial(2, "again", "", 8));
  assert.deepEqual([...captions.utterances.values()].map((u) => u.text ?? u.stable), ["Not judged yet.", "Accepted words.", "again"]);
});

test("what was cut is open again when its session goes on after all", () => {
  captions.apply(transcript(1, 0, "Not judged yet."));
  captions.disconnect("a");
  assert.deepEqual(captions.resume("a", 3).open.map((u) => [u.number, u.cut]), [[0, false]]);
  assert.ok(captions.apply(result(2, 0, "Not judged yet.", "POSITIVE", 0.8)).sentiment);
});

test("a cleared page takes a session's events from the first again", () => {
  captions.apply(transcript(1, 0, "One."));
  captions.clear();
  captions.open("a", 0);
  assert.equal(captions.apply(transcript(1, 0, "One.")).text, "One.");
});

test("messages of an unknown session, or of none of our types, change nothing", () => {
  assert.equal(captions.apply({ ...transcript(1, 0, "x"), session: "z" }), null);
  assert.equal(captions.apply({ type: "novelty", session: "a", utterance: 1 })?.text ?? null, null);
});

test("of too many the oldest complete ones leave; what is open stays, and nothing comes back", () => {
  const few = new Captions(3);
  few.open("a", 0);
  few.apply(transcript(1, 1, "Not judged yet."));
  for (let n = 2; n <= 3; n++) few.apply(result(n, n, `Number ${n}.`, "NEUTRAL", 0));
  assert.deepEqual(few.forget(), []);
  few.apply(result(4, 4, "Number 4.", "NEUTRAL", 0));
  few.apply(partial(5, "now", ""));
  assert.deepEqual(few.forget().map((u) => u.number), [2, 3]);
  assert.deepEqual([...few.utterances.values()].map((u) => u.number), [1, 4, 5]);
  assert.equal(few.apply(result(2, 2, "Number 2.", "NEUTRAL", 0)), null);
  assert.deepEqual(few.spoken().map((u) => u.text), ["Not judged yet.", "Number 4."]);
});

test("what was seen of a session is one number, however long it lasts", () => {
  for (let n = 1; n <= 1000; n++) captions.apply(result(n, n, "x", "NEUTRAL", 0));
  assert.equal(captions.sessions.get("a").seen, 1000);
});
