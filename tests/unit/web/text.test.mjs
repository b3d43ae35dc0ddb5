import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { LANGUAGES, Text, clock, pick, signed } from "../../../web/js/text.js";

const web = new URL("../../../web/", import.meta.url);
const read = (path) => readFileSync(new URL(path, web), "utf8");
const holes = (sentence) => [...sentence.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

test("every language has the same sentences with the same holes", () => {
  const { en } = LANGUAGES;
  for (const [code, sentences] of Object.entries(LANGUAGES)) {
    assert.deepEqual(Object.keys(sentences), Object.keys(en), code);
    for (const key of Object.keys(en)) assert.deepEqual(holes(sentences[key]), holes(en[key]), `${code} ${key}`);
  }
});

test("every sentence that the page asks for exists", () => {
  const html = [...read("index.html").matchAll(/data-text="([^"]+)"/g)].map((m) => m[1]);
  const files = ["js/", "js/recordings/"].flatMap((folder) => readdirSync(new URL(folder, web)).map((name) => folder + name));
  const modules = files.filter((name) => name.endsWith(".js")).map(read);
  const js = modules.flatMap((source) => [...source.matchAll(/say\("([^"]+)"/g)].map((m) => m[1]));
  const notices = [...read("js/notices.js").matchAll(/^ {2}(\w+): \[(.*)\],$/gm)];
  const kinds = notices.flatMap(([, kind, rest]) => [kind, ...rest.match(/\w+/g).slice(2)]).map((name) => `notice.${name}`);
  assert.ok(html.length > 20 && js.length > 10 && kinds.length > 15);
  for (const key of [...html, ...js, ...kinds]) assert.ok(key in LANGUAGES.en, key);
});

test("the page holds what a strict Content-Security-Policy refuses nowhere", () => {
  const html = read("index.html");
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
});

test("the reader's language, else English", () => {
  assert.equal(pick(["ko-KR", "en"]), "ko");
  assert.equal(pick(["fr-FR", "ko"]), "ko");
  assert.equal(pick(["fr"]), "en");
  assert.equal(pick([]), "en");
});

test("what the server says stands in a sentence in the reader's language, where it went wrong included", () => {
  const message = { code: "gave_up", message: "from 3.1 to 4.5 s: this utterance was tried 3 times and never finished" };
  assert.equal(new Text("en").say("words.failed", { message }), `This part could not be written: ${message.message}`);
  assert.equal(new Text("ko").told(message), "3.1초부터 4.5초까지: 3번 시도했지만 끝내지 못했습니다.");
  assert.equal(new Text("ko").told({ code: "busy", message: "later" }), "지금 받고 있는 녹음 파일이 많습니다. 잠시 뒤 다시 시도하세요.");
  assert.equal(new Text("ko").told({ code: "too_long", message: "of another version" }), "of another version", "a value is missing");
});

test("numbers as people read them", () => {
  assert.deepEqual([7.9, 61, 3700].map(clock), ["0:07", "1:01", "1:01:40"]);
  assert.deepEqual([0.923, -0.4, 0.001, -0.001].map(signed), ["+0.92", "−0.40", "0.00", "0.00"]);
  assert.deepEqual([59.6, 12].map((s) => new Text("en").duration(s)), ["1 min 0 s", "12 s"]);
  assert.match(new Text("en").say("mark.started", { time: new Date(2026, 0, 31, 14, 5) }), /2:05 PM/);
  assert.throws(() => new Text("en").say("nothing"), /no sentence/);
});
