/** How long to wait before the next attempt: doubling, capped, with jitter so that many pages do not return at once. Pure. */
export const BACKOFF = { firstMs: 400, capMs: 10_000 };

/**
 * @param {number} attempt 0 for the first
 * @param {number} random in 0..1
 */
export function waitMs(attempt, random, { firstMs, capMs } = BACKOFF) {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (0.5 + random / 2));
}
