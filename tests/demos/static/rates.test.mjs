// What is said of a step, and where its rate stands.

import assert from "node:assert/strict";
import { test } from "node:test";
import { across, judged, mean, nearest, short } from "../../../lenet_helpers/demos/static/rates.js";

const RATES = [0.0001, 0.001, 0.01, 0.1, 1];

test("each power of ten is a quarter of the axis", () => {
  assert.deepEqual(RATES.map((rate) => across(rate, RATES).toFixed(9)), ["0.000000000", "0.250000000", "0.500000000", "0.750000000", "1.000000000"]);
});

test("a pointer takes the rate that is nearest, also beside the axis", () => {
  assert.deepEqual([-3, 0.1, 0.14, 0.6, 7].map((place) => nearest(place, RATES)), [0, 0, 1, 2, 4]);
});

test("a loss that rises, falls or stays is called so", () => {
  assert.match(judged(1, 1.01), /too far/);
  assert.match(judged(1, 0.99), /hardly moves/);
  assert.match(judged(1, 0.5), /^The loss falls/);
});

test("losses are short, whatever their size", () => {
  assert.deepEqual([0.0123, 2.3456, 23.44, 1234.5, 1.61e8].map((loss) => short(loss)), ["0.01", "2.35", "23.4", "1,235", "1.6e+8"]);
  assert.equal(short(0.8321, 3), "0.832");
  assert.equal(mean([1, 2, 6]), 3);
});
