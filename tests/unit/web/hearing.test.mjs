import assert from "node:assert/strict";
import { test } from "node:test";
import { Hearing } from "../../../web/js/hearing.js";
import { height } from "../../../web/js/meter.js";

const after = (hearing, peak, seconds) => {
  let state;
  for (let t = 0; t < seconds; t += 0.1) state = hearing.take({ peak, seconds: 0.1 });
  return state;
};

test("exact zeros are noticed soon, a faint hiss later, a voice at once", () => {
  const hearing = new Hearing();
  assert.equal(after(hearing, 0, 2), "heard");
  assert.equal(after(hearing, 0, 1), "zeros");
  assert.equal(after(hearing, 0.2, 0.1), "heard");
  assert.equal(after(hearing, 0.001, 9), "heard");
  assert.equal(after(hearing, 0.001, 2), "quiet");
  assert.equal(after(hearing, 0.2, 0.1), "heard");
});

test("a pause between words is not silence", () => {
  const hearing = new Hearing();
  for (let i = 0; i < 20; i++) {
    assert.equal(after(hearing, 0.002, 3), "heard");
    assert.equal(after(hearing, 0.3, 0.5), "heard");
  }
});

test("the meter follows loudness, not amplitude", () => {
  assert.equal(height(0), 0);
  assert.equal(height(1), 1);
  assert.ok(height(0.1) > 0.6 && height(0.001) === 0);
});
