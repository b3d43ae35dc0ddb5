/** What the server's answer at `/health/ready` comes to for somebody who reads the page. Pure. */

/** Why the first part that is not ready is not. */
export const firstReason = ({ parts }) => Object.values(parts ?? {}).find((part) => part.reason)?.reason ?? "";

/**
 * @param {object|null} health the answer's JSON, of a 200 as of a 503; null when none came
 * @returns {{ready: boolean, demo: boolean, reason: string}|null} null: it says nothing
 */
export function reading(health) {
  if (typeof health?.ready !== "boolean") return null;
  return { ready: health.ready, demo: health.demo_models === true, reason: health.ready ? "" : firstReason(health) };
}
