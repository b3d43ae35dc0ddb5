import assert from "node:assert/strict";
import { test } from "node:test";
import en from "../../../web/lang/en.js";
import { EVENTS, IDLE, PROBLEMS, after, allowed, name } from "../../../web/js/states.js";

const walk = (...events) => events.reduce((facts, event) => after(facts, ...[event].flat()), IDLE);
const stateAfter = (...events) => name(walk(...events));
const LIVE = ["start", "granted", "ready"];

test("an ordinary listening", () => {
  assert.equal(stateAfter(), "idle");
  assert.equal(stateAfter("start"), "asking");
  assert.equal(stateAfter("start", "cancel"), "ended");
  assert.equal(stateAfter("start", "done"), "ended", "the page was left while the browser asked");
  assert.equal(stateAfter("start", "granted"), "connecting");
  assert.equal(stateAfter(...LIVE), "listening");
  assert.equal(stateAfter(...LIVE, "stop"), "stopping");
  assert.equal(stateAfter(...LIVE, "stop", "done"), "ended");
  assert.equal(stateAfter(...LIVE, "stop", "done", "start"), "asking");
});

test("what hinders more is named first, and what was below it comes back", () => {
  assert.equal(stateAfter(...LIVE, "quiet"), "silent");
  assert.equal(stateAfter(...LIVE, "quiet", "mute"), "muted");
  assert.equal(stateAfter(...LIVE, "mute", "lost"), "reconnecting");
  assert.equal(stateAfter(...LIVE, "mute", "lost", "ready"), "muted");
  assert.equal(stateAfter(...LIVE, "suspended", "lost"), "reconnecting");
  assert.equal(stateAfter(...LIVE, "suspended"), "suspended");
  assert.equal(stateAfter(...LIVE, "suspended", "resumed"), "listening");
  assert.equal(stateAfter("start", "granted", "full"), "full");
  assert.equal(stateAfter("start", "granted", "lost", "starting", "ready"), "listening");
});

test("events that come too late count for nothing", () => {
  for (const event of Object.keys(EVENTS).filter((e) => !["start", "fail"].includes(e))) {
    assert.equal(stateAfter(event), "idle", event);
    if (event !== "start") assert.equal(stateAfter(...LIVE, "stop", "done", event), "ended", event);
  }
  assert.equal(stateAfter(...LIVE, "stop", "quiet"), "stopping");
});

test("a problem is the state, and can be forgiven or tried again", () => {
  for (const problem of PROBLEMS) assert.equal(name(after(walk("start"), "fail", problem)), problem);
  const denied = after(walk("start"), "fail", "denied");
  assert.equal(name(denied), "denied");
  assert.equal(name(after(denied, "forgive")), "idle");
  assert.equal(name(after(denied, "start")), "asking");
  assert.throws(() => after(IDLE, "fail", "nonsense"), /unknown problem/);
});

test("what may be pressed", () => {
  assert.deepEqual(allowed(IDLE), { start: true, stop: false, mute: false, settings: true, device: true });
  assert.deepEqual(allowed(walk(...LIVE)), { start: false, stop: true, mute: true, settings: false, device: true });
  assert.equal(allowed(after(IDLE, "fail", "insecure")).start, false);
  assert.equal(allowed(after(IDLE, "fail", "denied")).start, true);
  assert.deepEqual(allowed(walk(...LIVE, "stop")), { start: false, stop: false, mute: false, settings: false, device: false });
});

test("every state that can be reached has a sentence", () => {
  const seen = new Set([JSON.stringify(IDLE)]);
  const open = [IDLE];
  while (open.length) {
    const facts = open.pop();
    assert.ok(en[`state.${name(facts)}`], `no sentence for ${name(facts)}`);
    for (const event of Object.keys(EVENTS)) {
      for (const problem of event === "fail" ? PROBLEMS : [null]) {
        const next = after(facts, event, problem);
        const key = JSON.stringify(next);
        if (!seen.has(key)) open.push(next);
        seen.add(key);
      }
    }
  }
  assert.ok(seen.size > 50);
});
