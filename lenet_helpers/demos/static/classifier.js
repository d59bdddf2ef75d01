// Reads what is drawn on a pad, as ImageClassifier.classify of lenet_helpers.inference reads its picture.

import { Network } from "./network.js";
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
    const score = ({ evidence, kept }) => evidence + this.about.inkCounts * Math.log(Math.max(kept, 1e-3));
    const reading = readings.reduce((best, other) => (score(other) > score(best) ? other : best));
    const { digit, probabilities, pixels } = reading;
    return { digit, probabilities, pixels: new DataView(pixels.buffer), warning: this.warning(reading) };
  }

  warning({ several, contacts, evidence, probabilities }) {
    const doubts = [];
    if (several) doubts.push("there is more than one digit in the picture");
    if (contacts > 1 || (contacts && evidence < this.about.sure)) {
      doubts.push("the digit touches the edge of the picture, so a part of it may be missing");
    }
    const doubt = this.doubt(probabilities);
    if (doubt) doubts.push(doubt);
    const warning = doubts.join("; ");
    return warning ? warning[0].toUpperCase() + warning.slice(1) : null;
  }

  // Why an answer can't be trusted, or null when it can.
  doubt(probabilities) {
    const entropy = probabilities.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
    if (entropy <= this.about.mostEntropy) return null;
    const order = probabilities.map((_, digit) => digit).sort((one, other) => probabilities[other] - probabilities[one]);
    const [first, second] = order;
    if (probabilities[first] + probabilities[second] <= this.about.betweenTwo) return "it does not look like a digit";
    return `it may also be ${article(second)} ${second}`;
  }
}
