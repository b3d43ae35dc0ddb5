import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

let Capture;
globalThis.sampleRate = 16_000;
globalThis.AudioWorkletProcessor = class {
  port = { told: [], postMessage: (level) => this.port.told.push(level) };
};
globalThis.registerProcessor = (_, processor) => (Capture = processor);
await import("../../../web/js/capture-worklet.js");

let capture;
let piped;
beforeEach(() => {
  capture = new Capture();
  piped = [];
  capture.port.onmessage({ data: { type: "pipe", pipe: { postMessage: (data) => piped.push(data) } } });
});
const quantum = (...values) => [values.map((value) => new Float32Array(128).fill(value))];

test("blocks of 1024, in order, the rest on flush", () => {
  for (let i = 0; i < 20; i++) assert.equal(capture.process(quantum(i / 32)), true);
  assert.deepEqual(piped.map((b) => b.length), [1024, 1024]);
  assert.equal(piped[1][0], 8 / 32);
  capture.port.onmessage({ data: { type: "flush" } });
  assert.deepEqual([piped[2].length, piped[2][0], piped[3]], [512, 16 / 32, "flushed"]);
});

test("channels are mixed; no input, and no channel, are lived through", () => {
  for (let i = 0; i < 8; i++) capture.process(quantum(0.5, -0.25));
  assert.equal(piped[0][0], 0.125);
  assert.equal(capture.process([]), true);
  assert.equal(capture.process([[]]), true);
});

test("levels about twelve times a second", () => {
  for (let i = 0; i < 125; i++) capture.process(quantum(i === 3 ? -0.5 : 0.1));
  const { told } = capture.port;
  assert.ok(told.length >= 11 && told.length <= 12);
  assert.equal(told[0].peak, 0.5);
  assert.ok(Math.abs(told[5].rms - 0.1) < 1e-6);
});
