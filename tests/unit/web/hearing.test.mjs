import assert from "node:assert/strict";
import { test } from "node:test";
import { Hearing } from "../../../web/js/hearing.js";
import { height } from "../../../web/js/meter.js";

const after = (hearing, peak, seconds) => {
  let state;
  for (let t = 0; t < seconds; t += 0.1) state = hearing.take({ peak, seconds: 0.1 });
  return state;
};

test("before anything was heard: exact zeros are noticed soon, a faint hiss later", () => {
  const hearing = new Hearing();
  assert.equal(after(hearing, 0, 2.5), "heard");
  assert.equal(after(hearing, 0, 1), "zeros");
  assert.equal(after(hearing, 0.2, 0.1), "heard");
  hearing.reset();
  assert.equal(after(hearing, 0.001, 9), "heard");
  assert.equal(after(hearing, 0.001, 2), "quiet");
  assert.equal(after(hearing, 0.2, 0.1), "heard");
});

test("somebody who does not speak is not a fault; half a minute of exact zeros is", () => {
  const hearing = new Hearing();
  assert.equal(after(hearing, 0.3, 0.5), "heard");
  assert.equal(after(hearing, 0.001, 120), "heard");
  assert.equal(after(hearing, 0, 29), "heard");
  assert.equal(after(hearing, 0, 2), "zeros");
});

test("the meter follows loudness, not amplitude", () => {
  assert.equal(height(0), 0);
  assert.equal(height(1), 1);
  assert.ok(height(0.1) > 0.6 && height(0.001) === 0);
});
