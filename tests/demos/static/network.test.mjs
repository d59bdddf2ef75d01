// The forward pass against arithmetic by hand. Against torch, with the course's weights: test_take_home.py.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Network, inkOf, lean, slanted, softmax, toInput } from "../../../lenet_helpers/demos/static/network.js";

const COUNTS = { conv1: [150, 6], conv2: [2400, 16], fc1: [1920, 120], fc2: [10080, 84], fc3: [840, 10] };

// A network of zeros, but for some parameters: { "fc3.bias": [[place, value], ...] }.
function network(some, more = {}) {
  const numbers = [];
  for (const [layer, [weights, biases]] of Object.entries(COUNTS)) {
    for (const [kind, count] of [["weight", weights], ["bias", biases]]) {
      const values = new Float32Array(count);
      for (const [place, value] of some[`${layer}.${kind}`] ?? []) values[place] = value;
      numbers.push(...values);
    }
  }
  const weights = Buffer.from(Float32Array.from(numbers).buffer).toString("base64");
  return new Network({ weights, slants: [0], sizes: [1], ...more });
}

const black = () => new Uint8Array(784);
const dot = (row, column) => black().fill(255, 28 * row + column, 28 * row + column + 1);

test("zeros and biases alone give the biases", () => {
  const logits = network({ "fc3.bias": [[3, 1.5], [9, -2]] }).logits(toInput(black()));
  assert.deepEqual([...logits], [0, 0, 0, 1.5, 0, 0, 0, 0, 0, -2]);
});

test("the first convolution looks where its kernel does, and a layer of torch pads with zeros", () => {
  // The kernel's first number is the pixel two above and two to the left.
  const { relu1 } = network({ "conv1.weight": [[0, 2]] }).stages(toInput(dot(10, 5)));
  assert.equal(relu1.indexOf(2), 28 * 12 + 7);
  assert.equal(relu1.filter((value) => value > 0).length, 1); // -2 of the background is cut off, 0 of the padding stays
});

test("every place of a map is computed, also the last ones of a row", () => {
  const kernel = [[12, 1]]; // the middle: each pixel as it is
  const ramp = Uint8Array.from({ length: 784 }, (_, i) => 128 + (i % 28));
  const { relu1, pool1, relu2 } = network({ "conv1.weight": kernel, "conv2.weight": kernel }).stages(toInput(ramp));
  for (let column = 0; column < 28; column++) assert.ok(Math.abs(relu1[column] - ((128 + column) / 127.5 - 1)) < 1e-6);
  for (let column = 0; column < 14; column++) {
    assert.ok(Math.abs(pool1[column] - ((128.5 + 2 * column) / 127.5 - 1)) < 1e-6);
  }
  for (let column = 0; column < 10; column++) assert.ok(Math.abs(relu2[column] - pool1[column + 2]) < 1e-6);
});

test("maps come in the layers' shapes", () => {
  const sizes = Object.entries(network({}).stages(toInput(black()))).map(([name, values]) => [name, values.length]);
  assert.deepEqual(sizes, [["relu1", 4704], ["pool1", 1176], ["relu2", 1600], ["pool2", 400], ["average", 16], ["fc3", 10]]);
});

test("a slant moves the top to the right and the bottom to the left", () => {
  const bar = black();
  for (let row = 0; row < 28; row++) bar[28 * row + 14] = 255;
  const columnOf = (image, row) => {
    const ink = [...image.subarray(28 * row, 28 * row + 28)].map((value) => value + 1);
    return ink.reduce((sum, value, column) => sum + value * column, 0) / ink.reduce((sum, value) => sum + value);
  };
  const image = slanted(inkOf(bar), lean(0.4, 1));
  assert.ok(Math.abs(columnOf(image, 0) - (14 - 0.4 * -13.5)) < 1e-6);
  assert.ok(Math.abs(columnOf(image, 27) - (14 - 0.4 * 13.5)) < 1e-6);
});

test("a size of 2 doubles the distance from the middle, and what comes from outside is background", () => {
  const image = slanted(inkOf(dot(13, 20)), lean(0, 2));
  const most = image.indexOf(Math.max(...image));
  assert.equal(Math.floor(most / 28), 12);
  assert.ok([26, 27].includes(most % 28));
  assert.equal(Math.min(...slanted(inkOf(new Uint8Array(784).fill(255)), lean(0, 0.5))), -1);
});

test("the probabilities are the mean over all copies and add up to 1", () => {
  const { digit, probabilities, evidence } = network({ "fc3.bias": [[3, 2]] }, { slants: [-0.2, 0, 0.2] }).read(dot(14, 14));
  assert.equal(digit, 3);
  assert.ok(Math.abs(probabilities[3] - Math.exp(2) / (Math.exp(2) + 9)) < 1e-12);
  assert.ok(Math.abs(probabilities.reduce((sum, p) => sum + p) - 1) < 1e-12);
  assert.ok(Math.abs(evidence - (2 - Math.log(9))) < 1e-12);
});

test("softmax does not overflow", () => {
  assert.deepEqual(softmax([1000, 0]), [1, 0]);
});

test("weights of another network are refused", () => {
  const weights = Buffer.from(new Float32Array(15627).buffer).toString("base64");
  assert.throws(() => new Network({ weights, slants: [0], sizes: [1] }), /not the weights of a LeNet/);
});
