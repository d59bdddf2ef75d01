// Reads what is drawn on a pad, as ImageClassifier.classify of lenet_helpers.inference reads its picture.

import { Network, softmax, toInput } from "./network.js";
import { prepare } from "./preparation.js";

const article = (digit) => (digit === 8 ? "an" : "a");

export class Classifier {
  // `about` is what Python's `network_for_page` gives.
  constructor(about) {
    this.about = about;
    this.network = new Network(about);
  }

  // What the network reads in strokes, as the front end of a reading shows it; null while there is nothing to read.
  read(strokes) {
    const readings = prepare(strokes).map((way) => ({ ...way, ...this.network.read(way.pixels) }));
    if (!readings.length) return null;
    // Logarithms of odds: as the network sees it, and how much of the ink it uses.
    const score = ({ odds, evidence, kept }) => odds + evidence + this.about.inkCounts * Math.log(Math.max(kept, 1e-3));
    const reading = readings.reduce((best, other) => (score(other) > score(best) ? other : best));
    const { digit, probabilities, pixels } = reading;
    return { digit, probabilities, pixels: new DataView(pixels.buffer), warning: this.warning(reading) };
  }

  // Where the network looks in what it has read, as `looks` of lenet_helpers.demos.figures.drawing_pad tells it. It stops
  // after each of the 784 places, so that a stroke need not wait for them all.
  *looks({ digit, pixels }) {
    const seen = new Uint8Array(pixels.buffer);
    const side = Math.sqrt(seen.length);
    const reach = (this.about.patch - 1) / 2;
    const read = (image) => softmax(this.network.logits(toInput(image)));
    const alone = read(seen);
    const falls = new Float32Array(seen.length);
    const covered = new Float32Array(10 * seen.length);
    for (let place = 0; place < seen.length; place++) {
      const column = place % side;
      const left = seen.slice();
      for (let start = place - column - reach * side; start <= place - column + reach * side; start += side) {
        if (start >= 0) left.fill(0, start + Math.max(0, column - reach), start + Math.min(side, column + reach + 1));
      }
      const ten = left.some((ink, at) => ink !== seen[at]) ? read(left) : alone;
      falls[place] = alone[digit] - ten[digit];
      covered.set(ten, 10 * place);
      yield;
    }
    return { falls: new DataView(falls.buffer), covered: new DataView(covered.buffer), patch: this.about.patch };
  }

  warning({ several, kept, contacts, evidence, probabilities }) {
    const doubts = [];
    const alone = evidence > this.about.sure && kept > this.about.whole;
    if (several && !alone) doubts.push("there is more than one digit in the picture");
    if (contacts > 1 || (contacts && evidence < this.about.sure)) {
      doubts.push("the digit touches the edge of the picture, so a part of it may be missing");
    }
    const doubt = this.doubt(probabilities, evidence);
    if (doubt) doubts.push(doubt);
    const warning = doubts.join("; ");
    return warning ? warning[0].toUpperCase() + warning.slice(1) : null;
  }

  // Why an answer can't be trusted, or null when it can.
  doubt(probabilities, evidence) {
    if (evidence > this.about.doubted) return null;
    const order = probabilities.map((_, digit) => digit).sort((one, other) => probabilities[other] - probabilities[one]);
    const [first, second] = order;
    if (probabilities[first] + probabilities[second] <= this.about.betweenTwo) return "it does not look like a digit";
    return `it may also be ${article(second)} ${second}`;
  }
}
