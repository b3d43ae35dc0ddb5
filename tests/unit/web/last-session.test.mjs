import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { LastSession } from "../../../web/js/last-session.js";

const KEPT = { session: "s1", key: "secret", language: "ko", task: "transcribe", at: 1_790_000_000_000 };
let storage, last;

class Storage extends Map {
  getItem = (name) => this.get(name) ?? null;
  setItem = (name, value) => this.set(name, String(value));
  removeItem = (name) => this.delete(name);
}

beforeEach(() => {
  storage = new Storage();
  last = new LastSession(() => storage);
});

test("a session is kept for the next page of the tab, until it is forgotten", () => {
  assert.equal(last.read(), null);
  last.keep(KEPT);
  assert.deepEqual(new LastSession(() => storage).read(), KEPT);
  last.forget();
  assert.equal(last.read(), null);
});

test("one that cannot be resumed is not kept", () => {
  last.keep({ ...KEPT, key: "" });
  assert.equal(storage.size, 0);
});

test("what others wrote there is no session", () => {
  for (const written of ["", "not JSON", "null", "7", "{}", '{"session":"s1"}']) {
    storage.setItem("last-session", written);
    assert.equal(last.read(), null, written);
  }
});

test("a browser that refuses its storage has no last session, and is no error", () => {
  const refusing = new LastSession(() => {
    throw new Error("The operation is insecure.");
  });
  refusing.keep(KEPT);
  refusing.forget();
  assert.equal(refusing.read(), null);
});
