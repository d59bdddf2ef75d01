// What the page's modules make of images and of strokes, for a comparison with Python: JSON from stdin to stdout.

import { readFileSync } from "node:fs";
import { Classifier } from "../../../lenet_helpers/demos/static/classifier.js";
import { toInput } from "../../../lenet_helpers/demos/static/network.js";
import { prepareInk } from "../../../lenet_helpers/demos/static/preparation.js";

const { about, images, strokes, pictures } = JSON.parse(readFileSync(0));
const classifier = new Classifier(about);
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));

function inkOf(picture) {
  const data = Float32Array.from(bytes(picture), (gray) => 1 - gray / 255);
  return { width: 112, height: 112, data };
}

const pixels = bytes(images);
const logits = [];
for (let at = 0; at < pixels.length; at += 784) {
  logits.push([...classifier.network.logits(toInput(pixels.subarray(at, at + 784)))]);
}
// All ten probabilities, with each place of the first image covered.
function covered() {
  const places = classifier.looks({ digit: 0, pixels: new DataView(pixels.slice(0, 784).buffer) });
  let step;
  do step = places.next();
  while (!step.done);
  return [...new Float32Array(step.value.covered.buffer)];
}
const readings = strokes.map((each) => {
  const { digit, probabilities, warning } = classifier.read(each);
  return { digit, probabilities, warning };
});
const ways = pictures.map((each) => prepareInk(inkOf(each)).map((way) => ({ ...way, pixels: [...way.pixels] })));
process.stdout.write(JSON.stringify({ logits, covered: logits.length ? covered() : [], readings, ways }));
