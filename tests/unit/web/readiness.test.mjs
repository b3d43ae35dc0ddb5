import assert from "node:assert/strict";
import { test } from "node:test";
import { Beforehand } from "../../../web/js/beforehand.js";
import { reading } from "../../../web/js/readiness.js";

const part = (state, reason = null) => ({ state, reason });
const READY = { ready: true, demo_models: false, parts: { redis: part("ready"), pipeline: part("ready") } };
const LOADING = { ready: false, demo_models: true, parts: { redis: part("ready"), stt_worker: part("loading", "loads"), pipeline: part("failed", "no clip") } };

test("the first reason of a server that is not ready, and whose models they are", () => {
  assert.deepEqual(reading(READY), { ready: true, demo: false, reason: "" });
  assert.deepEqual(reading({ ...READY, demo_models: true }), { ready: true, demo: true, reason: "" });
  assert.deepEqual(reading(LOADING), { ready: false, demo: true, reason: "loads" });
});

test("what is no such answer says nothing", () => {
  for (const other of [null, undefined, "down", [], {}, { detail: "Not Found" }, { ready: "yes" }]) assert.equal(reading(other), null);
});

/** Gives these answers, one for each time it is asked; an Error is thrown. The last ends the asking. */
async function ask(...answers) {
  const told = [];
  const notices = { show: (kind, values) => told.push([kind, values?.reason]), settle: (group) => told.push(["settled", group]) };
  const health = async () => {
    const next = answers.shift();
    if (!answers.length) beforehand.end();
    if (next instanceof Error) throw next;
    return next;
  };
  const beforehand = new Beforehand(notices, { health, pause: async () => told.push(["pause"]) });
  await beforehand.ask();
  return { told, left: answers.length };
}

test("asked again until the server is ready, and no more", async () => {
  const { told, left } = await ask(LOADING, { ...READY, demo_models: true }, READY, READY);
  assert.deepEqual(told, [["demo", undefined], ["starting", "loads"], ["pause"], ["demo", undefined], ["settled", "link"]]);
  assert.equal(left, 2);
});

test("an answer that does not come changes nothing, and is asked for again", async () => {
  const { told } = await ask(new TypeError("network"), LOADING, new SyntaxError("not JSON"), READY);
  assert.deepEqual(told, [["pause"], ["demo", undefined], ["starting", "loads"], ["pause"], ["pause"]]);
});

test("an answer that comes after the start is not shown: the listening tells", async () => {
  assert.deepEqual((await ask(LOADING)).told, []);
});
