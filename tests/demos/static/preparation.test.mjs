// The preparation of strokes by what must hold. Against the steps of Python, pixel by pixel: test_take_home.py.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SIDE, drawStrokes, prepare } from "../../../lenet_helpers/demos/static/preparation.js";

const stroke = (width, ...points) => ({ width, points });
const sum = (values) => values.reduce((total, value) => total + value, 0);

test("a dot has the area of a circle, and a line that of its length", () => {
  const pixel = (1000 / SIDE) ** 2;
  assert.ok(Math.abs(sum(drawStrokes([stroke(200, 500, 500)]).data) * pixel - Math.PI * 100 ** 2) < 400);
  const line = sum(drawStrokes([stroke(60, 200, 500, 800, 500)]).data) * pixel;
  assert.ok(Math.abs(line - (600 * 60 + Math.PI * 30 ** 2)) < 1200);
});

test("no stroke and ink beside the pad are nothing to read", () => {
  assert.deepEqual(prepare([]), []);
  assert.deepEqual(prepare([stroke(60, -900, -900, -800, -900)]), []);
});

test("the centre of mass is in the middle and the longer side has 20 pixels, wherever and however large it is drawn", () => {
  for (const [x, y, length] of [[200, 100, 300], [600, 300, 500], [500, 50, 900]]) {
    const [{ pixels }] = prepare([stroke(65, x, y, x + 40, y + length)]);
    const rows = Array.from({ length: 28 }, (_, row) => sum(pixels.subarray(28 * row, 28 * row + 28)));
    const middle = sum(rows.map((ink, row) => ink * row)) / sum(rows);
    assert.ok(Math.abs(middle - 14) < 0.2, `${middle}`);
    const inked = rows.flatMap((ink, row) => (ink > 255 ? [row] : []));
    assert.ok(Math.abs(inked.at(-1) - inked[0] + 1 - 20) <= 1);
  }
});

test("thin and thick pens come to strokes of about one width", () => {
  const ink = [40, 65, 95].map((width) => sum(prepare([stroke(width, 300, 200, 300, 800, 700, 800)])[0].pixels));
  assert.ok(Math.max(...ink) < 1.25 * Math.min(...ink), `${ink}`);
});

test("two digits side by side are noticed, and the strokes of one are not", () => {
  const one = (x) => stroke(60, x, 200, x, 800);
  assert.equal(prepare([one(300), one(700)])[0].several, true);
  assert.equal(prepare([one(500), stroke(60, 350, 500, 700, 500)])[0].several, false);
});

test("strokes that meet the pad's edge are counted, those that come near are not", () => {
  assert.equal(prepare([stroke(60, 300, 0, 300, 700), stroke(60, 300, 700, 700, 700), stroke(60, 700, 700, 700, 0)])[0].contacts, 2);
  assert.equal(prepare([stroke(60, 500, 60, 500, 940)])[0].contacts, 0);
});

test("a speck is left out, and all ink is offered too", () => {
  const digit = stroke(60, 500, 200, 500, 850);
  const clean = prepare([digit])[0].pixels;
  const ways = prepare([digit, stroke(120, 930, 80)]);
  assert.equal(ways.length, 2);
  assert.deepEqual(ways[0].pixels, clean);
  assert.ok(ways[0].kept < 0.95 && ways[1].kept === 1);
});
