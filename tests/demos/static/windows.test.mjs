// Convolution one window at a time, against numbers by hand. Against torch: tests/browser/test_parts.py.

import assert from "node:assert/strict";
import { test } from "node:test";
import { number, signed, textOn } from "../../../lenet_helpers/demos/static/signed.js";
import { convolve, products, starts, sum, windowAt } from "../../../lenet_helpers/demos/static/windows.js";

const IMAGE = [1, 2, 3, 4, 5, 6, 7, 8, 9]; // 3×3

test("windows begin in the padding and go on as long as they fit", () => {
  assert.deepEqual(starts(5, 3, 1, 0), [0, 1, 2]);
  assert.deepEqual(starts(5, 3, 2, 1), [-1, 1, 3]);
  assert.deepEqual(starts(6, 3, 2, 0), [0, 2]); // the last column is left over
  assert.deepEqual(starts(2, 3, 1, 0), []);
});

test("a window holds the image's numbers, and zeros beside it", () => {
  assert.deepEqual(windowAt(IMAGE, 1, 0, 2), [4, 5, 7, 8]);
  assert.deepEqual(windowAt(IMAGE, -1, 2, 2), [0, 0, 3, 0]);
  assert.deepEqual(windowAt(IMAGE, 2, 2, 2), [9, 0, 0, 0]);
});

test("a sum of products at every place, the kernel not flipped", () => {
  const kernel = [1, 0, 0, 2];
  assert.deepEqual(products([4, 5, 7, 8], kernel), [4, 0, 0, 16]);
  assert.equal(sum([4, 0, 0, 16]), 20);
  assert.deepEqual(convolve(IMAGE, kernel, 1, 0), [11, 14, 20, 23]);
  assert.deepEqual(convolve(IMAGE, kernel, 2, 1), [2, 6, 14, 23]);
  assert.deepEqual(convolve(IMAGE, [1], 1, 0), IMAGE);
});

test("a sign has its colour, and zero none", () => {
  assert.deepEqual(signed(0, 2), [255, 255, 255]);
  assert.deepEqual([signed(-2, 2), signed(-9, 2)], [[0, 114, 178], [0, 114, 178]]);
  assert.deepEqual(signed(1, 2), [234, 175, 128]);
  assert.deepEqual(signed(0, 0), [255, 255, 255]);
  assert.deepEqual([[255, 255, 255], [0, 0, 0], [0, 114, 178], [213, 94, 0]].map(textOn), ["#000", "#fff", "#fff", "#000"]);
});

test("numbers have a minus that is one, and no minus zero", () => {
  assert.deepEqual([-0.001, -1.234, 2].map((value) => number(value)), ["0.00", "−1.23", "2.00"]);
});
