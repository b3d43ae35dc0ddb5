import assert from "node:assert/strict";
import { test } from "node:test";
import { heard, pieces } from "../../../web/js/recordings/cues.js";
import { Events } from "../../../web/js/recordings/events.js";
import { NOTHING, UNREADABLE, followed, renewed } from "../../../web/js/recordings/listing.js";
import { about, progress, refused, size } from "../../../web/js/recordings/phrases.js";
import { Recording } from "../../../web/js/recordings/recording.js";
import { Refusal, away, refusal } from "../../../web/js/recordings/refusal.js";
import { LANGUAGES, Text } from "../../../web/js/text.js";

const judged = { label: "POSITIVE", score: 0.9, scores: {}, model: "m", reason: null };
const segment = (utterance, start, text) => ({ utterance, start, end: start + 1, text, language: "en", sentiment: judged });
const running = { status: "running", stage: "transcribe", progress: 40, message: "2 of 5 parts" };

test("segments come in no order, and stand in that of the sound", () => {
  const recording = new Recording("job-1");
  recording.learn({ id: "job-1", status: "queued", stage: "queued", progress: 0, message: "", name: "a.wav" });
  assert.equal(recording.apply("progress", running, 1), null);
  assert.equal(recording.apply("segment", segment(3, 9, "three"), 2).text, "three");
  recording.apply("segment", segment(1, 2, "one"), 3);
  assert.equal(recording.apply("segment", segment(1, 2, "again"), 3), undefined, "the same event again");
  recording.apply("problem", { utterance: 2, start: 5, end: 6, code: "stt_failed", message: "no words" }, 4);
  assert.deepEqual(recording.ordered.map((s) => s.text ?? s.error.message), ["one", "no words", "three"]);
  assert.deepEqual([recording.state.progress, recording.state.name, recording.over], [40, "a.wav", false]);
});

test("an end is an end, whatever an older answer says", () => {
  const recording = new Recording("job-1");
  recording.learn({ ...running, name: "a.wav" });
  recording.apply("failed", { code: "not_audio", message: "The file is not a recording." }, 5);
  recording.learn({ ...running, name: "a.wav" });
  assert.deepEqual([recording.state.status, recording.over], ["failed", true]);
  assert.equal(recording.state.progress, 40, "it did not come further");
  recording.apply("progress", { ...running, progress: 10 }, 4);
  assert.equal(recording.state.status, "failed");
});

test("progress told by an event is not undone by an answer that left earlier", () => {
  const recording = new Recording("job-1");
  recording.apply("progress", running, 1);
  recording.learn({ ...running, progress: 10, stage: "prepare", seconds: 7 });
  assert.deepEqual([recording.state.progress, recording.state.stage, recording.state.seconds], [40, "transcribe", 7]);
});

test("the length is asked for once it is decoded, not at each step before", () => {
  const recording = new Recording("job-1");
  recording.learn({ status: "running", stage: "prepare", progress: 0, message: "", seconds: null });
  assert.equal(recording.measurable, false);
  recording.apply("progress", { ...running, stage: "prepare", progress: 5 }, 1);
  assert.equal(recording.measurable, false);
  recording.apply("progress", running, 2);
  assert.equal(recording.measurable, true);
  recording.learn({ ...running, seconds: 7 });
  assert.equal(recording.measurable, false);
});

test("the result takes the place of what came before, failures included", () => {
  const recording = new Recording("job-1");
  recording.apply("segment", segment(9, 1, "gone"), 1);
  const { utterance: id, ...rest } = segment(1, 0, "one");
  const failure = { segment: 2, start: 3, end: 4, stage: "stt", code: "x", message: "broken" };
  recording.finish({ segments: [{ id, ...rest }], errors: [failure, { ...failure, segment: null }] });
  assert.deepEqual(recording.ordered.map((s) => [s.number, s.text, s.error?.message]), [[1, "one", undefined], [2, null, "broken"]]);
});

/** A page of the list: jobs by their ids, those in capitals cannot be read. */
const page = (ids, before = null) => ({
  jobs: [...ids].filter((id) => id > "Z").map((id) => ({ id, status: "completed" })),
  unreadable: [...ids].filter((id) => id <= "Z"),
  before,
});
const shown = ({ rows, before }) => [rows.map(({ id }) => id).join(""), before];

test("what cannot be read ends its page of the list, whichever pages follow", () => {
  const first = renewed(NOTHING, page("aBc", "3"));
  assert.deepEqual(first.rows.map(({ status }) => status), ["completed", "completed", UNREADABLE]);
  const both = followed(first, page("Def", "6"));
  assert.deepEqual([shown(first), shown(both)], [["acB", "3"], ["acBefD", "6"]]);
  assert.deepEqual(shown(followed(both, page("G"))), ["acBefDG", null]);
});

test("the first page asked for again leaves the older ones, and keeps what it pushes off", () => {
  const known = followed(renewed(NOTHING, page("aBc", "3")), page("Def", "6"));
  for (const [again, ...expected] of [
    [page("aBc", "3"), "acBefD", "6"],
    [page("naB", "B"), "naBcefD", "6"],
    [page("mna", "a"), "mnacBefD", "6"],
    [page("acD", "4"), "acDBef", "6"], // B is gone, or pushed off: that cannot be told from here
    [page("ace", "5"), "acefD", "6"],
    [page("cDe", "5"), "ceDf", "6"],
    [page("efg", "g"), "efgD", "6"],
    [page("xyz", "z"), "xyz", "z"], // others may be in between
    [page("cB"), "cB", null],
    [page(""), "", null],
  ]) assert.deepEqual(shown(renewed(known, again)), expected);
  const none = followed(renewed(NOTHING, page("AB", "2")), page("cd"));
  assert.deepEqual([shown(none), shown(renewed(none, page("AB", "2")))], [["ABcd", null], ["ABcd", null]]);
  assert.deepEqual(shown(renewed(renewed(NOTHING, page("ab", "2")), page("bc", "3"))), ["bc", "3"], "one was erased");
});

test("words with their times make up the text, whatever the words are", () => {
  const words = [{ word: " Hello,", start: 0, end: 0.4 }, { word: " world!", start: 0.5, end: 1 }];
  assert.deepEqual(pieces("Hello, world! Bye.", words), [
    { text: "Hello,", start: 0, end: 0.4 }, { text: " " }, { text: "world!", start: 0.5, end: 1 }, { text: " Bye." },
  ]);
  assert.deepEqual(pieces("no times", null), [{ text: "no times" }]);
  for (const text of ["", "world! Hello,", "else", "Hello,world!"]) {
    assert.equal(pieces(text, [...words, { word: " ", start: 1, end: 2 }]).map((p) => p.text).join(""), text);
  }
});

test("what is heard at a second", () => {
  const sorted = [{ start: 1, end: 2 }, { start: 4, end: 6 }, { start: 6, end: 7 }];
  assert.deepEqual([0, 1, 3, 3.9, 4, 6, 7.5, 30].map((second) => sorted.indexOf(heard(sorted, second))), [-1, 0, 0, -1, 1, 2, 2, -1]);
  assert.equal(heard([], 1), null);
});

test("every refusal is told in words, in every form that one comes in", () => {
  const text = new Text("en");
  const say = (...answer) => refused(refusal(...answer), text);
  assert.equal(say(413, '{"error": {"code": "too_large", "message": "larger than 5 bytes", "field": "file"}}'), "Larger than 5 bytes.");
  assert.equal(say(503, '{"type": "error", "code": "gateway_away", "message": "It is starting."}'), "It is starting.");
  assert.equal(say(404, '{"detail": "there is no /x"}'), "There is no /x.");
  assert.match(say(502, "<html>"), /status 502/);
  assert.match(say(413, ""), /larger/);
  const korean = (...answer) => refused(refusal(...answer), new Text("ko"));
  assert.match(korean(429, '{"error": {"code": "too_many", "message": "too many requests"}}'), /요청이 너무 많습니다/);
  assert.match(korean(422, '{"error": {"code": "invalid_request", "message": "task is wrong", "field": "task"}}'), /: task\.$/);
  assert.equal(korean(418, '{"error": {"code": "teapot", "message": "no coffee"}}'), "No coffee.");
  assert.match(refused(away(false), text), /offline/);
  assert.match(refused(away(true), text), /cannot be reached/);
  assert.deepEqual([away(true).passing, refusal(503, "").passing, refusal(404, "").passing], [true, true, false]);
  assert.equal(refusal(429, "", "30").wait, 30);
});

test("sizes, lengths and stages as people read them, in every language", () => {
  assert.deepEqual([0, 2048, 1.5 * 2 ** 20, 2 ** 31].map(size), ["1 KB", "2 KB", "1.5 MB", "2.0 GB"]);
  for (const code of Object.keys(LANGUAGES)) {
    const text = new Text(code);
    for (const status of ["queued", "completed", "failed", "cancelled", UNREADABLE]) assert.ok(progress({ status, stage: "done", progress: 3 }, text));
    for (const stage of ["queued", "prepare", "transcribe", "merge", "done"]) {
      assert.match(progress({ status: "running", stage, progress: 42 }, text), /42 %/);
    }
    for (const phase of ["waiting", "sending", "storing", "again"]) assert.ok(text.say(`upload.${phase}`));
    for (const form of ["txt", "srt", "vtt", "csv", "json"]) assert.ok(text.say(`save.${form}`));
  }
  assert.equal(about({ seconds: 61, bytes: 2048, language: null, expires_at: null }, new Text("en"), "en"), "1 min 1 s · 2 KB · English");
});

/** A world in which a test says what the network does, and when time has passed. */
function played(look = async () => true) {
  const told = [];
  const sources = [];
  const timers = [];
  const world = {
    source: (address) => {
      const source = { address, readyState: 0, hears: {}, addEventListener: (name, f) => (source.hears[name] = f), close: () => (source.readyState = 2) };
      sources.push(source);
      return source;
    },
    later: (work) => timers.push(work),
    never: () => undefined,
    random: () => 0.5,
  };
  const hear = { event: (...event) => told.push(event), up: () => told.push("up"), away: () => told.push("away"), look };
  return { events: new Events("/events", 0, hear, world), told, sources, timers };
}

const said = (source, name, seq) => source.hears[name]({ data: "{}", lastEventId: String(seq) });

test("a connection that the browser gives up is made again after the last event", async () => {
  const { sources, timers, told } = played();
  said(sources[0], "progress", 7);
  sources[0].readyState = 2;
  sources[0].onerror();
  await timers[0]();
  assert.deepEqual(sources.map((source) => source.address), ["/events", "/events?after=7"]);
  assert.deepEqual(told, [["progress", {}, 7], "away"]);
});

test("a browser that goes on by itself is let, once", () => {
  const { sources, timers } = played();
  sources[0].onerror();
  assert.deepEqual([timers.length, sources[0].readyState], [0, 0]);
  sources[0].onerror();
  assert.deepEqual([timers.length, sources[0].readyState], [1, 2]);
});

test("a server that is away is asked again and again; a job that is gone is not", async () => {
  const answers = [() => Promise.reject(new Refusal(503, "away")), async () => false];
  const { sources, timers } = played(() => answers.shift()());
  sources[0].readyState = 2;
  sources[0].onerror();
  await timers[0]();
  assert.equal(timers.length, 2);
  await timers[1]();
  assert.deepEqual([sources.length, timers.length], [1, 2]);
});

test("after the end nothing is followed any more", () => {
  const { sources, timers, told } = played();
  said(sources[0], "completed", 9);
  assert.equal(sources[0].readyState, 2);
  sources[0].onerror();
  assert.deepEqual([timers.length, told], [0, [["completed", {}, 9]]]);
});
