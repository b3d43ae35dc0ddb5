import assert from "node:assert/strict";
import { test } from "node:test";
import { asJson, asText, fileName } from "../../../web/js/exports.js";
import { countWords, summarize } from "../../../web/js/summary.js";
import { Text } from "../../../web/js/text.js";

const utterance = (number, start, text, label, score, more = {}) => ({
  key: `a:${number}`, session: "a", number, start, end: start + 1, stable: "", tail: "", text, language: "en", confidence: 0.9,
  task: "transcribe", sentiment: { label, score, scores: {}, model: "m", reason: null }, dropped: null, error: null, cut: false, ...more,
});
const SAID = [
  utterance(0, 7.0004, "I like it.", "POSITIVE", 0.92),
  utterance(1, 61, "It rains again.", "NEGATIVE", -0.4),
  utterance(2, 3700, "안녕하세요", null, null, { language: "ko" }),
];
const DATE = new Date(2026, 0, 31, 9, 5);

test("text: one line per utterance with time and mood, in the interface's language", () => {
  const lines = asText(SAID, new Text("en"), DATE).split("\n");
  assert.deepEqual(lines, [
    "Live sentiment · 2026-01-31 09:05", "",
    "[0:07] Positive +0.92  I like it.", "[1:01] Negative −0.40  It rains again.", "[1:01:40] Not judged  안녕하세요", "",
  ]);
  assert.match(asText(SAID, new Text("ko"), DATE), /긍정 \+0\.92/);
});

test("JSON: the protocol's names, whole milliseconds", () => {
  const data = JSON.parse(asJson(SAID, DATE));
  assert.equal(data.version, 1);
  assert.deepEqual(Object.keys(data.utterances[0]), ["session", "utterance", "start", "end", "text", "language", "confidence", "task", "sentiment", "error"]);
  assert.equal(data.utterances[0].start, 7);
  assert.equal(data.utterances[2].sentiment.label, null);
});

test("file names sort by date and hold nothing that a file system refuses", () => {
  assert.equal(fileName(DATE, "txt"), "captions_2026-01-31_09-05.txt");
});

test("words are counted also where none are separated by spaces", () => {
  assert.equal(countWords("I like it — a lot.", "en"), 5);
  assert.equal(countWords("오늘 회의는 좋았어요.", "ko"), 3);
  assert.ok(countWords("今日は天気がいいです", "ja") >= 4);
  assert.equal(countWords("", null), 0);
});

test("the summary counts words, shares and what did not come through", () => {
  const dropped = utterance(3, 8, "", null, null, { dropped: "no_speech", sentiment: null });
  const failed = utterance(4, 9, null, null, null, { error: { code: "x", message: "y" }, sentiment: null });
  const sum = summarize([...SAID, dropped, failed]);
  assert.deepEqual([sum.utterances, sum.words, sum.judged, sum.dropped, sum.failed], [3, 7, 2, 1, 1]);
  assert.deepEqual(sum.shares.map(({ share }) => share), [0.5, 0, 0.5]);
  assert.ok(Math.abs(sum.mean - 0.26) < 1e-9);
  assert.equal(summarize([]).mean, null);
});
