/**
 * What is going on, as facts; which event changes which fact; and the one name shown for it.
 * Pure. A state is never set directly: events change facts, and the first matching row names them.
 *
 * @typedef {object} Facts
 * @property {"idle"|"asking"|"live"|"stopping"|"ended"|"failed"} phase
 * @property {"connecting"|"up"|"down"|"full"|"starting"} link
 * @property {"ok"|"quiet"|"suspended"} mic
 * @property {boolean} muted
 * @property {string|null} problem one of PROBLEMS while the phase is failed
 */

export const PROBLEMS = ["denied", "nodevice", "busy", "blocked", "insecure", "unsupported", "error"];

/** @type {Readonly<Facts>} */
export const IDLE = Object.freeze({ phase: "idle", link: "connecting", mic: "ok", muted: false, problem: null });

const RUNNING = ["live", "stopping"];
const ANY = ["idle", "asking", "live", "stopping", "ended", "failed"];

/** event: [phases in which it counts, what it changes] */
export const EVENTS = {
  start: [["idle", "ended", "failed"], { phase: "asking", link: "connecting", mic: "ok", muted: false }],
  granted: [["asking"], { phase: "live" }],
  ready: [RUNNING, { link: "up" }],
  lost: [RUNNING, { link: "down" }],
  full: [RUNNING, { link: "full" }],
  starting: [RUNNING, { link: "starting" }],
  quiet: [["live"], { mic: "quiet" }],
  heard: [["live"], { mic: "ok" }],
  suspended: [["live"], { mic: "suspended" }],
  resumed: [["live"], { mic: "ok" }],
  mute: [["live"], { muted: true }],
  unmute: [["live"], { muted: false }],
  stop: [["live"], { phase: "stopping" }],
  cancel: [["asking"], { phase: "ended" }],
  done: [["asking", ...RUNNING], { phase: "ended" }],
  forgive: [["failed"], { phase: "idle" }],
  fail: [ANY, { phase: "failed" }],
};

/**
 * The facts after an event; the same object when the event does not count now.
 * @param {Facts} facts
 * @param {keyof typeof EVENTS} event
 * @param {string|null} problem for `fail`
 * @returns {Facts}
 */
export function after(facts, event, problem = null) {
  const [phases, change] = EVENTS[event];
  if (!phases.includes(facts.phase)) return facts;
  if (event === "fail" && !PROBLEMS.includes(problem)) throw new Error(`unknown problem: ${problem}`);
  const changed = { ...facts, ...change };
  changed.problem = changed.phase === "failed" ? (problem ?? facts.problem) : null;
  return changed;
}

/** First match wins: what hinders more is named before what hinders less. */
const NAMES = [
  ["idle", (f) => f.phase === "idle"],
  ["asking", (f) => f.phase === "asking"],
  ["stopping", (f) => f.phase === "stopping"],
  ["ended", (f) => f.phase === "ended"],
  ["full", (f) => f.link === "full"],
  ["starting", (f) => f.link === "starting"],
  ["reconnecting", (f) => f.link === "down"],
  ["suspended", (f) => f.mic === "suspended"],
  ["connecting", (f) => f.link === "connecting"],
  ["muted", (f) => f.muted],
  ["silent", (f) => f.mic === "quiet"],
  ["listening", () => true],
];

/** @param {Facts} facts @returns {string} the state shown: `state.*` in the sentences, `data-state` on the body */
export function name(facts) {
  if (facts.phase === "failed") return facts.problem;
  return NAMES.find(([, matches]) => matches(facts))[0];
}

/** What the reader may press. @param {Facts} facts */
export function allowed(facts) {
  const hopeless = ["insecure", "unsupported"].includes(facts.problem);
  return {
    start: ["idle", "ended", "failed"].includes(facts.phase) && !hopeless,
    stop: ["asking", "live"].includes(facts.phase),
    mute: facts.phase === "live",
    settings: !["asking", "live", "stopping"].includes(facts.phase),
    device: !["asking", "stopping"].includes(facts.phase),
  };
}
