import assert from "node:assert/strict";
import { test } from "node:test";
import { BACKOFF, waitMs } from "../../../web/js/backoff.js";
import { Ring } from "../../../web/js/ring.js";

const count = (from, length) => Float32Array.from({ length }, (_, i) => from + i);

function filled(limit, total, block) {
  const ring = new Ring(limit);
  for (let at = 0; at < total; at += block) ring.push(count(at, Math.min(block, total - at)));
  return ring;
}

test("reads any stretch across blocks", () => {
  const ring = filled(1000, 100, 7);
  for (const [from, most] of [[0, 100], [3, 20], [13, 1], [95, 50], [100, 5]]) {
    assert.deepEqual(ring.read(from, most), count(from, Math.max(0, Math.min(most, 100 - from))));
  }
});

test("what is forgotten is gone, to the sample", () => {
  const ring = filled(1000, 100, 8);
  ring.forget(50);
  assert.equal(ring.first, 50);
  assert.deepEqual(ring.read(50, 10), count(50, 10));
  assert.deepEqual(ring.read(0, 5), count(50, 5));
  ring.forget(1000);
  assert.deepEqual([ring.first, ring.end, ring.blocks.length], [100, 100, 0]);
});

test("it never keeps more than its limit: the oldest go", () => {
  const ring = filled(30, 100, 8);
  assert.deepEqual([ring.first, ring.end], [70, 100]);
  assert.deepEqual(ring.read(70, 30), count(70, 30));
});

test("waits double, are capped and jittered", () => {
  assert.equal(waitMs(0, 1), BACKOFF.firstMs);
  assert.equal(waitMs(3, 1), BACKOFF.firstMs * 8);
  assert.equal(waitMs(3, 0), BACKOFF.firstMs * 4);
  assert.equal(waitMs(500, 1), BACKOFF.capMs);
});
