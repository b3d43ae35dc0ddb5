import assert from "node:assert/strict";
import { test } from "node:test";
import { BYTES_PER_SAMPLE, LONGEST_FRAME, forgettable, frame, frameLimit } from "../../../web/js/framer.js";

test("samples become little-endian float32, clipped, without NaN or infinity", () => {
  const bytes = new DataView(frame(new Float32Array([0.5, -0.25, 1.2, -3, NaN, Infinity])));
  const read = [0, 1, 2, 3, 4, 5].map((i) => bytes.getFloat32(i * BYTES_PER_SAMPLE, true));
  assert.deepEqual(read, [0.5, -0.25, 1, -1, 0, 0]);
});

test("a frame never exceeds what the server takes", () => {
  assert.equal(frameLimit(4096), 1024);
  assert.equal(frameLimit(4099), 1024);
  assert.equal(frameLimit(10_000_000), LONGEST_FRAME);
  assert.equal(frameLimit(1), 1);
});

test("at 16 kHz the server's sample number is ours; at another rate the resampler's delay is kept", () => {
  assert.equal(forgettable(16_000, 16_000), 16_000);
  assert.equal(forgettable(16_000, 48_000), 48_000 - 4800);
  assert.equal(forgettable(100, 44_100), 0);
});
