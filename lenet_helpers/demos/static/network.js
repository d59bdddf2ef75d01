// The course's LeNet, forward only, and how it reads a digit: at several slants and sizes, as lenet_helpers.inference does.
// An image is 28×28 numbers in a row. Whatever is shared with Python (weights, slants, sizes, limits) comes from there,
// as `network_for_page` writes it.

const SIDE = 28;

// Name and shape of each parameter, in reading order.
const PARAMETERS = {
  conv1: { weight: [6, 1, 5, 5], bias: [6] },
  conv2: { weight: [16, 6, 5, 5], bias: [16] },
  fc1: { weight: [120, 16], bias: [120] },
  fc2: { weight: [84, 120], bias: [84] },
  fc3: { weight: [10, 84], bias: [10] },
};

const size = (shape) => shape.reduce((product, side) => product * side, 1);

// Base64 of float32 numbers, little-endian, one parameter after the other.
function decode(text) {
  const view = new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const layers = {};
  let at = 0;
  for (const [name, shapes] of Object.entries(PARAMETERS)) {
    layers[name] = {};
    for (const [kind, shape] of Object.entries(shapes)) {
      layers[name][kind] = Float64Array.from({ length: size(shape) }, () => view.getFloat32(4 * at++, true));
    }
  }
  if (4 * at !== view.byteLength) throw new Error(`${view.byteLength} bytes are not the weights of a LeNet`);
  return layers;
}

// Convolution with kernels of 5×5, then ReLU. `input` is `channels` maps of `side`², already padded where it shall be.
// Five neighbours are computed at once: they share the kernel and most pixels of a row, which takes a third of the time.
function convolve(input, channels, side, { weight, bias }) {
  const width = side - 4;
  const output = new Float64Array(bias.length * width * width);
  for (let map = 0; map < bias.length; map++) {
    for (let y = 0; y < width; y++) {
      for (let x = 0; x < width; x += 5) {
        if (x > width - 5) x = width - 5; // the last five may be there already in part
        let a = bias[map], b = a, c = a, d = a, e = a;
        let w = 25 * channels * map;
        for (let channel = 0; channel < channels; channel++) {
          let at = (channel * side + y) * side + x;
          for (let row = 0; row < 5; row++, at += side, w += 5) {
            const w0 = weight[w], w1 = weight[w + 1], w2 = weight[w + 2], w3 = weight[w + 3], w4 = weight[w + 4];
            const v1 = input[at + 1], v2 = input[at + 2], v3 = input[at + 3], v4 = input[at + 4];
            const v5 = input[at + 5], v6 = input[at + 6], v7 = input[at + 7];
            a += w0 * input[at] + w1 * v1 + w2 * v2 + w3 * v3 + w4 * v4;
            b += w0 * v1 + w1 * v2 + w2 * v3 + w3 * v4 + w4 * v5;
            c += w0 * v2 + w1 * v3 + w2 * v4 + w3 * v5 + w4 * v6;
            d += w0 * v3 + w1 * v4 + w2 * v5 + w3 * v6 + w4 * v7;
            e += w0 * v4 + w1 * v5 + w2 * v6 + w3 * v7 + w4 * input[at + 8];
          }
        }
        const place = (map * width + y) * width + x;
        output[place] = a > 0 ? a : 0;
        output[place + 1] = b > 0 ? b : 0;
        output[place + 2] = c > 0 ? c : 0;
        output[place + 3] = d > 0 ? d : 0;
        output[place + 4] = e > 0 ? e : 0;
      }
    }
  }
  return output;
}

// Average of each 2×2 pixels, two rows at a time; `side` is even, so no two maps are mixed.
function pool(input, side) {
  const output = new Float64Array(input.length / 4);
  for (let at = 0, i = 0; at < input.length; at += side) {
    for (const end = at + side; at < end; at += 2) {
      output[i++] = (input[at] + input[at + 1] + input[at + side] + input[at + side + 1]) / 4;
    }
  }
  return output;
}

function linear(input, { weight, bias }) {
  const output = new Float64Array(bias.length);
  for (let i = 0, w = 0; i < output.length; i++) {
    let sum = bias[i];
    for (let j = 0; j < input.length; j++) sum += weight[w++] * input[j];
    output[i] = sum;
  }
  return output;
}

function pad(image, margin) {
  const side = SIDE + 2 * margin;
  const output = new Float64Array(side * side);
  for (let y = 0; y < SIDE; y++) output.set(image.subarray(y * SIDE, (y + 1) * SIDE), (y + margin) * side + margin);
  return output;
}

const relu = (values) => values.map((value) => (value > 0 ? value : 0));

function meanOfMaps(maps, area) {
  return Float64Array.from({ length: maps.length / area }, (_, map) => {
    let sum = 0;
    for (let i = 0; i < area; i++) sum += maps[map * area + i];
    return sum / area;
  });
}

// Pixels (0 = background, 255 = ink) in the network's range, [-1, 1].
export const toInput = (pixels) => Float64Array.from(pixels, (value) => value / 127.5 - 1);

// Where the pixels of a copy come from whose top leans to the right by `slant` of half its side, and that is `size` times
// as large. Each is mixed of four neighbours in an image with a margin of 1: `at` is the first of them, `right` and
// `below` say how far from it the pixel lies; beyond the edge there is background.
export function lean(slant, size) {
  const from = { at: new Uint16Array(SIDE * SIDE), right: new Float64Array(SIDE * SIDE), below: new Float64Array(SIDE * SIDE) };
  const middle = (SIDE - 1) / 2;
  const inside = (at) => Math.min(Math.max(at + 1, 0), SIDE + 0.999999);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const down = (Math.floor(i / SIDE) - middle) / size;
    const y = inside(down + middle);
    const x = inside(((i % SIDE) - middle) / size + slant * down + middle);
    from.at[i] = Math.floor(y) * (SIDE + 2) + Math.floor(x);
    from.right[i] = x - Math.floor(x);
    from.below[i] = y - Math.floor(y);
  }
  return from;
}

// Pixels as such a copy needs them: background is 0, and there is a margin of 1.
export const inkOf = (pixels) => pad(Float64Array.from(pixels, (value) => value / 127.5), 1);

// The copy itself, in the network's range.
export function slanted(ink, { at, right, below }) {
  const output = new Float64Array(SIDE * SIDE);
  for (let i = 0; i < output.length; i++) {
    const place = at[i];
    const above = ink[place] + right[i] * (ink[place + 1] - ink[place]);
    const under = ink[place + SIDE + 2] + right[i] * (ink[place + SIDE + 3] - ink[place + SIDE + 2]);
    output[i] = above + below[i] * (under - above) - 1;
  }
  return output;
}

export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power);
  return powers.map((power) => power / sum);
}

export const best = (values) => values.indexOf(Math.max(...values));

export class Network {
  // `weights` is base64 of all parameters; `slants` and `sizes` are those of the copies that it reads.
  constructor({ weights, slants, sizes }) {
    this.layers = decode(weights);
    this.copies = sizes.flatMap((size) => slants.map((slant) => lean(slant, size)));
  }

  // What each stage makes of one input, by the names of the layers.
  stages(input) {
    const { conv1, conv2, fc1, fc2, fc3 } = this.layers;
    const relu1 = convolve(pad(input, 2), 1, 32, conv1);
    const pool1 = pool(relu1, 28);
    const relu2 = convolve(pool1, 6, 14, conv2);
    const pool2 = pool(relu2, 10);
    const average = meanOfMaps(pool2, 25);
    return { relu1, pool1, relu2, pool2, average, fc3: linear(relu(linear(relu(linear(average, fc1)), fc2)), fc3) };
  }

  // The ten logits of one input.
  logits(input) {
    return this.stages(input).fc3;
  }

  // Pixels read at each slant and size. `evidence` is, for the most probable digit, the mean logarithm of its odds.
  read(pixels) {
    const ink = inkOf(pixels);
    const logits = this.copies.map((from) => this.logits(slanted(ink, from)));
    const each = logits.map(softmax);
    const probabilities = each[0].map((_, digit) => each.reduce((sum, one) => sum + one[digit], 0) / each.length);
    const digit = best(probabilities);
    const odds = logits.map((one) => {
      const others = [...one].filter((_, at) => at !== digit);
      const most = Math.max(...others);
      return one[digit] - most - Math.log(others.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
    });
    return { digit, probabilities, evidence: odds.reduce((sum, one) => sum + one) / odds.length };
  }
}
