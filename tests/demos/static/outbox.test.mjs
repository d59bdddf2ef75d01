// Digits that wait to be acknowledged.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../../../lenet_helpers/demos/static/outbox.js";

// An outbox whose server answers with these statuses, one after the other, and then with 200.
function outbox(statuses, waiting = []) {
  const seen = { sent: [], kept: [], told: [], pauses: [] };
  const box = new Outbox({
    waiting,
    send: async (digit) => (seen.sent.push(digit), { status: statuses.shift() ?? 200, body: {} }),
    keep: (list) => seen.kept.push([...list]),
    tell: ({ digit, status }) => seen.told.push([digit, status]),
    pause: async (ms) => seen.pauses.push(ms),
  });
  return { box, seen };
}

test("a digit that is acknowledged waits no longer", async () => {
  const { box, seen } = outbox([]);
  await box.add("a");
  assert.deepEqual(seen.sent, ["a"]);
  assert.deepEqual(seen.kept, [["a"], []]);
});

test("whatever may pass is tried again, in order, more and more seldom", async () => {
  const { box, seen } = outbox([0, 503, 429, 403, 408, 0, 0]);
  box.add("a");
  await box.add("b");
  assert.deepEqual(seen.sent, [..."aaaaaaaab"]);
  assert.deepEqual(seen.pauses, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
  assert.deepEqual(box.waiting, []);
});

test("what the server will never take is dropped, and the next has its turn", async () => {
  const { box, seen } = outbox([400]);
  box.add("a");
  await box.add("b");
  assert.deepEqual(seen.told, [["a", 400], ["b", 200]]);
});

test("what waited when the page was closed is sent when it opens again", async () => {
  const { box, seen } = outbox([], ["a", "b"]);
  await box.run();
  assert.deepEqual(seen.sent, ["a", "b"]);
  assert.deepEqual(seen.kept.at(-1), []);
});

test("one digit is under way at a time, however often it is asked to run", async () => {
  const { box, seen } = outbox([]);
  const runs = [box.add("a"), box.run(), box.run(), box.add("b")];
  await Promise.all(runs);
  assert.deepEqual(seen.sent, ["a", "b"]);
});

test("what is cleared while it is under way is not taken for the next", async () => {
  const { box, seen } = outbox([]);
  const run = box.add("a");
  box.clear();
  await box.add("b");
  await run;
  assert.deepEqual(seen.sent, ["a", "b"]);
  assert.deepEqual(box.waiting, []);
});
