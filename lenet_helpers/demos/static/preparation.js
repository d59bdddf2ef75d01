// From strokes to MNIST's form. These are the steps of lenet_helpers.drawing.strokes and lenet_helpers.preparation
// that act on what is drawn on a pad: its ink is as dark as can be, on paper without shadows, lines or grain.
// A grid is { width, height, data }; a mask is a grid of zeros and ones.

export const PAD = 1000; // the pad's side, in units of strokes
export const SIDE = 112; // side of the picture that strokes become, in pixels
const SMOOTH = 4; // drawn so many times larger, then averaged: soft edges

const DIGIT_SIDE = 20; // MNIST's digits fit into a square of this side, in the middle of 28×28
const FINE = 4; // strokes are shaped on a grid so many times finer than MNIST's
const THINNEST_STROKE = 2.4;
const THICKEST_STROKE = 2.8;
const SOFTNESS = 0.45;
const FAINTEST_INK = 0.05;
const SEEN = Math.log(20); // what speaks against a way, as logarithm of the odds

// ---- grids

const grid = (height, width, data = new Float32Array(width * height)) => ({ width, height, data });

function map(from, value) {
  const to = grid(from.height, from.width);
  for (let i = 0; i < to.data.length; i++) to.data[i] = value(from.data[i], i);
  return to;
}

function count({ data }) {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i];
  return sum;
}

// Those of many values that are more than a limit. The browser's own `filter` takes several times as long.
function greater(values, limit) {
  const found = new Float32Array(values.length);
  let size = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > limit) found[size++] = values[i];
  return found.subarray(0, size);
}

// Python rounds halves to the even number.
function round(value) {
  const whole = Math.round(value);
  return whole - value === 0.5 && whole % 2 ? whole - 1 : whole;
}

// The numpy percentile, with linear interpolation.
function percentile(values, percent) {
  const sorted = new Float32Array(values).sort();
  const at = (percent / 100) * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}

function pad(from, margin) {
  const to = grid(from.height + 2 * margin, from.width + 2 * margin);
  for (let y = 0; y < from.height; y++) {
    to.data.set(from.data.subarray(y * from.width, (y + 1) * from.width), (y + margin) * to.width + margin);
  }
  return to;
}

function crop(from, { top, bottom, left, right }) {
  const to = grid(bottom - top, right - left);
  for (let y = top; y < bottom; y++) {
    to.data.set(from.data.subarray(y * from.width + left, y * from.width + right), (y - top) * to.width);
  }
  return to;
}

// The smallest box that holds a mask; it is empty when the mask is.
function boundingBox({ width, height, data }) {
  const box = { top: height, bottom: 0, left: width, right: 0 };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (data[i]) grow(box, x, y);
  }
  return box.bottom ? box : { top: 0, bottom: 0, left: 0, right: 0 };
}

function grow(box, x, y) {
  if (y < box.top) box.top = y;
  if (y >= box.bottom) box.bottom = y + 1;
  if (x < box.left) box.left = x;
  if (x >= box.right) box.right = x + 1;
}

const extent = (box) => [box.bottom - box.top, box.right - box.left];

// Filters work on one direction at a time: `work` makes a row of `length` of each row, and what it makes is turned over,
// so that the next call does the columns.
function alongRows(from, length, work) {
  const to = grid(length, from.height);
  const values = new Float32Array(from.width);
  for (let y = 0, i = 0; y < from.height; y++) {
    for (let x = 0; x < from.width; x++, i++) values[x] = from.data[i];
    const row = work(values);
    for (let x = 0; x < length; x++) to.data[x * to.width + y] = row[x];
  }
  return to;
}

// The largest value of each square of side 2 × distance + 1.
const dilate = (from, distance) => largest(largest(from, distance), distance);

// The largest value within `distance` in a row: that of two neighbours, then of four, and so on.
function largest(from, distance) {
  const window = 2 * distance + 1;
  const row = new Float32Array(from.width + 2 * distance);
  return alongRows(from, from.width, (values) => {
    row.fill(-Infinity);
    row.set(values, distance);
    let reach = 1;
    for (; 2 * reach <= window; reach *= 2) {
      for (let i = 0; i + reach < row.length; i++) if (row[i + reach] > row[i]) row[i] = row[i + reach];
    }
    for (let i = 0; i < values.length; i++) if (row[i + window - reach] > row[i]) row[i] = row[i + window - reach];
    return row;
  });
}

// Linear interpolation, or the average where it gets smaller; pixels are areas, not points.
function scale(from, factor) {
  const [height, width] = [from.height, from.width].map((side) => Math.max(1, round(side * factor)));
  return scaledRows(scaledRows(from, width), height);
}

function scaledRows(from, length) {
  const step = from.width / length;
  const row = new Float32Array(length);
  const last = from.width - 1;
  const places = Float64Array.from(row, (_, i) => Math.min(Math.max((i + 0.5) * step - 0.5, 0), last));
  return alongRows(from, length, (values) => {
    for (let i = 0; i < length; i++) {
      if (step <= 1) {
        const low = Math.floor(places[i]);
        row[i] = values[low] + (places[i] - low) * (values[Math.min(low + 1, last)] - values[low]);
        continue;
      }
      const begin = i * step;
      const end = Math.min(begin + step, values.length);
      let sum = 0;
      for (let cell = Math.floor(begin); cell < end; cell++) {
        sum += values[cell] * (Math.min(cell + 1, end) - Math.max(cell, begin));
      }
      row[i] = sum / (end - begin);
    }
    return row;
  });
}

// The distance of each point of a mask from the nearest point outside, in pixels; the frame is not outside. The steps
// level, across and of a knight's move have these lengths (Borgefors, 1986), in 65,536ths as in OpenCV.
const [LEVEL, ACROSS, KNIGHT] = [1, 1.4, 2.1969].map((length) => Math.round(length * 65536));
const FAR = 2 ** 30;

function depthOf(mask) {
  const width = mask.width + 4; // two columns and rows around it, so that every step leads somewhere
  const far = new Int32Array(width * (mask.height + 4)).fill(FAR);
  const visit = (i, at, back) => {
    far[at] = !mask.data[i]
      ? 0
      : Math.min(
          far[at], FAR, far[at - back] + LEVEL, far[at - back * width] + LEVEL,
          far[at - back * (width + 1)] + ACROSS, far[at - back * (width - 1)] + ACROSS,
          far[at - back * (width + 2)] + KNIGHT, far[at - back * (width - 2)] + KNIGHT,
          far[at - back * (2 * width + 1)] + KNIGHT, far[at - back * (2 * width - 1)] + KNIGHT
        );
  };
  const depth = grid(mask.height, mask.width);
  for (let y = 0, i = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++, i++) visit(i, (y + 2) * width + x + 2, 1);
  }
  for (let y = mask.height - 1, i = mask.data.length - 1; y >= 0; y--) {
    for (let x = mask.width - 1; x >= 0; x--, i--) {
      const at = (y + 2) * width + x + 2;
      visit(i, at, -1);
      depth.data[i] = far[at] / 65536;
    }
  }
  return depth;
}

// The connected pieces of a mask: a label each from 1 on, its box, its area, and how much of the frame it covers.
function piecesOf(mask) {
  const { width, height, data } = mask;
  const labels = grid(height, width, new Uint16Array(data.length));
  const pieces = [];
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || labels.data[start]) continue;
    const piece = { label: pieces.length + 1, box: { top: height, bottom: 0, left: width, right: 0 }, area: 0 };
    const open = [start];
    labels.data[start] = piece.label;
    while (open.length) {
      const at = open.pop();
      const [x, y] = [at % width, Math.floor(at / width)];
      grow(piece.box, x, y);
      piece.area++;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          if (!data[v * width + u] || labels.data[v * width + u]) continue;
          labels.data[v * width + u] = piece.label;
          open.push(v * width + u);
        }
      }
    }
    pieces.push(piece);
  }
  return { labels, pieces };
}

// Mean width of the strokes: twice their area over the length of their outline.
function meanStroke(mask) {
  const cut = crop(mask, boundingBox(mask));
  const around = dilate(map(pad(cut, 1), (here) => 1 - here), 1);
  const outline = crop(around, { top: 1, bottom: cut.height + 1, left: 1, right: cut.width + 1 });
  return (2 * count(cut)) / Math.max(1, count(map(cut, (here, i) => here * outline.data[i])));
}

// ---- the steps

const inked = new Uint8Array((SIDE * SMOOTH) ** 2);
const fours = new Uint32Array(inked.buffer); // the same, four neighbours at once

// What strokes draw, as ink: 0 is paper, 1 is ink.
export function drawStrokes(strokes) {
  const side = SIDE * SMOOTH;
  inked.fill(0);
  for (const { width, points } of strokes) {
    const scaled = points.map((value) => round((value * side) / PAD));
    const pen = Math.max(1, round((width * side) / PAD));
    const shift = pen % 2 ? 0 : 0.5; // a dot of even width has its middle between pixels
    for (let i = 0; i < scaled.length; i += 2) {
      const [x, y] = [scaled[i], scaled[i + 1]];
      if (!i || shift) line(inked, side, x - shift, y - shift, x - shift, y - shift, pen / 2);
      if (i) line(inked, side, scaled[i - 2], scaled[i - 1], x, y, pen / 2);
    }
  }
  const picture = grid(SIDE, SIDE);
  for (let row = 0, i = 0; row < side; row++) {
    const begin = Math.floor(row / SMOOTH) * SIDE;
    // The highest byte of the product is the sum of all four.
    for (let at = begin; at < begin + SIDE; at++, i++) if (fours[i]) picture.data[at] += Math.imul(fours[i], 0x01010101) >>> 24;
  }
  // In steps of a gray, as a picture has them.
  return map(picture, (here) => Math.floor((255 * here) / SMOOTH ** 2 + 0.5) / 255);
}

// Ink all pixels within `radius` of a line.
function line(inked, side, x, y, u, v, radius) {
  const across = u - x;
  const down = v - y;
  const inverse = 1 / (across * across + down * down || 1);
  const clamp = (value) => Math.min(Math.max(value, 0), side - 1);
  const [left, right] = [clamp(Math.ceil(Math.min(x, u) - radius)), clamp(Math.floor(Math.max(x, u) + radius))];
  const [top, bottom] = [clamp(Math.ceil(Math.min(y, v) - radius)), clamp(Math.floor(Math.max(y, v) + radius))];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      if (inked[row * side + column]) continue;
      const along = Math.min(Math.max(((column - x) * across + (row - y) * down) * inverse, 0), 1);
      const aside = column - x - along * across;
      const below = row - y - along * down;
      if (aside * aside + below * below <= radius * radius) inked[row * side + column] = 1;
    }
  }
}

// The threshold that parts dark from light best (Otsu, 1979), in the middle between the two.
function otsu(values) {
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  if (high - low <= 1e-3 * high) return values[0] / 2;
  const counts = new Float64Array(256);
  for (let i = 0; i < values.length; i++) counts[Math.min(255, Math.floor((256 * (values[i] - low)) / (high - low)))]++;
  const centre = (bin) => low + ((bin + 0.5) * (high - low)) / 256;
  const total = counts.reduce((sum, each, bin) => sum + each * centre(bin), 0);
  let [below, sum, most, threshold] = [0, 0, -1, 0];
  for (let bin = 0; bin < 255; bin++) {
    below += counts[bin];
    sum += counts[bin] * centre(bin);
    const above = values.length - below;
    const [dark, light] = [sum / below, (total - sum) / above];
    const parted = below * above * (light - dark) ** 2;
    if (parted > most) [most, threshold] = [parted, (dark + light) / 2];
  }
  return threshold;
}

// How much darker each point is than the bare paper around it, which a closing finds; as wide a one as strokes need.
// Where strokes meet, they may be wider than that, and their inside is lost: that belongs to how the network sees them.
function evenLight(drawn) {
  const bright = map(drawn, (here) => 1 - here);
  for (const share of [16, 8, 4]) {
    const distance = Math.floor(Math.floor(SIDE / share) / 2);
    const paper = dilate(map(dilate(bright, distance), (here) => -here), distance);
    const ink = map(bright, (here, i) => Math.max(0, 1 - here / Math.max(-paper.data[i], here, 1 / 255)));
    if (!isHollow(ink.data, drawn.data)) return ink;
  }
  return drawn;
}

// Tell whether the inside of some strokes is missing.
function isHollow(ink, drawn) {
  const dark = greater(ink, FAINTEST_INK);
  if (!dark.length) return true;
  const threshold = otsu(dark);
  const [levels, shares] = [[], []];
  for (let i = 0; i < ink.length; i++) {
    if (ink[i] <= threshold) continue;
    levels.push(drawn[i]);
    shares.push(ink[i] / Math.max(drawn[i], FAINTEST_INK));
  }
  const [level, kept] = [percentile(levels, 50), percentile(shares, 50)];
  let core = 0;
  let missing = 0;
  for (let i = 0; i < ink.length; i++) {
    if (drawn[i] <= 0.7 * level) continue;
    core++;
    if (ink[i] < 0.7 * kept * drawn[i]) missing++;
  }
  return missing > 0.05 * core;
}

// Mark what is clearly ink, and what hangs together with it.
function findInk(ink) {
  const dark = greater(ink.data, FAINTEST_INK);
  if (!dark.some((here) => here >= 1.5 * FAINTEST_INK)) return null;
  const threshold = otsu(dark);
  const { labels, pieces } = piecesOf(map(ink, (here) => here > Math.max(0.45 * threshold, FAINTEST_INK)));
  const clear = new Uint8Array(pieces.length + 1);
  const least = Math.max(0.7 * threshold, FAINTEST_INK);
  for (let i = 0; i < ink.data.length; i++) if (ink.data[i] > least) clear[labels.data[i]] = 1;
  clear[0] = 0;
  return map(ink, (_, i) => clear[labels.data[i]]);
}

// Keep the digit, in one piece or several; drop specks and whatever else is far from it. `place` is where the mask lies.
function pickDigit(mask, place) {
  const { width } = mask;
  const { labels, pieces } = piecesOf(dilate(mask, Math.max(1, round(meanStroke(mask) / 3))));
  if (pieces.length < 2) return mask;
  for (const piece of pieces) Object.assign(piece, { area: 0, weight: 0 });
  const central = (at) => 0.15 + Math.sin((Math.PI * (at + 0.5)) / SIDE);
  mask.data.forEach((here, i) => {
    if (!here) return;
    const piece = pieces[labels.data[i] - 1];
    const [x, y] = [place.left + (i % width), place.top + Math.floor(i / width)];
    piece.area++;
    piece.weight += central(x) * central(y);
  });
  const main = pieces.reduce((most, piece) => (piece.weight > most.weight ? piece : most));
  const taken = new Set([main]);
  const digit = () => map(mask, (here, i) => here && taken.has(pieces[labels.data[i] - 1]));
  for (;;) {
    const now = digit();
    const far = depthOf(map(now, (here) => 1 - here));
    const box = boundingBox(now);
    const [tall, wide] = extent(box);
    const inked = count(now);
    const joined = pieces.filter((piece) => {
      const across = piece.box;
      if (taken.has(piece) || piece.area <= 0.01 * inked) return false;
      if (across.left < box.left && across.right > box.right) return false; // the line that it was written on
      const beside = across.left >= box.right || across.right <= box.left;
      if (beside && extent(across)[0] > 0.6 * tall) return false; // another digit
      let gap = Infinity;
      mask.data.forEach((here, i) => {
        if (here && labels.data[i] === piece.label) gap = Math.min(gap, far.data[i]);
      });
      return gap < 0.25 * Math.max(tall, wide);
    });
    if (!joined.length) return now;
    joined.forEach((piece) => taken.add(piece));
  }
}

// Pieces of about one size, side by side or one above the other; also where something larger is cut off by the edge.
const holdsSeveral = (pieces, place) =>
  severalAlike(pieces) || severalAlike(pieces.filter(({ box }) => isOffEdge(box, place)));

const isOffEdge = ({ top, left, bottom, right }, place) =>
  top + place.top > 0 && left + place.left > 0 && bottom + place.top < SIDE && right + place.left < SIDE;

function severalAlike(pieces) {
  const most = Math.max(...pieces.map((piece) => piece.area));
  let large = pieces.filter((piece) => piece.area > 0.2 * most).map((piece) => piece.box);
  const tallest = Math.max(...large.map((box) => extent(box)[0]));
  large = large.filter((box) => extent(box)[0] > 0.5 * tallest);
  return large.some((one) => large.some((other) => one.bottom <= other.top || one.right <= other.left));
}

// How many strokes the pad's edge may have cut: those that meet it at the side where most do, more than their width
// apart. A digit that meets three sides fills the pad.
function contacts(mask, place) {
  const { width, height, data } = mask;
  const level = (y) => grid(1, width, data.slice(y * width, (y + 1) * width));
  const upright = (x) => grid(1, height, Float32Array.from({ length: height }, (_, y) => data[y * width + x]));
  const sides = [];
  if (place.top === 0) sides.push(level(0));
  if (place.bottom === SIDE) sides.push(level(height - 1));
  if (place.left === 0) sides.push(upright(0));
  if (place.right === SIDE) sides.push(upright(width - 1));
  const met = sides.filter(({ data }) => data.some((here) => here));
  if (!met.length || met.length > 2) return 0;
  const reach = round(meanStroke(mask) / 2);
  const starts = ({ data }) => data.reduce((sum, here, i) => sum + (here && !data[i - 1] ? 1 : 0), 0);
  return Math.max(...met.map((side) => starts(dilate(side, reach))));
}

// Cut the digit out, without margin: the edge of a stroke is where half of a pixel is ink. A small one is enlarged first.
function cutOut(ink, mask) {
  const box = boundingBox(mask);
  const factor = Math.max(1, (DIGIT_SIDE * FINE) / Math.max(...extent(box)));
  const larger = (values) => scale(pad(crop(values, box), 2), factor);
  const near = dilate(map(larger(mask), (here) => here > 0.5), 1);
  const cut = map(larger(ink), (here, i) => here > 0.5 && near.data[i]);
  return crop(cut, boundingBox(cut));
}

// Move the edge of the ink by the same distance everywhere, so that strokes are as wide as the network knows them.
function evenStrokes(cut) {
  const longest = Math.max(cut.width, cut.height);
  const within = { top: 1, bottom: cut.height + 1, left: 1, right: cut.width + 1 };
  const depth = crop(depthOf(pad(cut, 1)), within);
  const highest = dilate(depth, 1);
  const onRidge = map(depth, (here, i) => (cut.data[i] && here >= highest.data[i] ? here - 0.5 : 0));
  const ridge = greater(onRidge.data, 0).sort();
  // The width that half of the ink has: a hair that hangs on a thick stroke has little.
  const half = ridge.reduce((sum, here) => sum + here, 0) / 2;
  let sum = 0;
  const width = 2 * ridge.find((here) => (sum += here) >= half);
  const here = (stroke) => (stroke * Math.max(longest - width, width)) / (DIGIT_SIDE - stroke);
  const more = Math.max(0, (here(THINNEST_STROKE) - width) / 2);
  const less = Math.min(Math.max(0, (width - here(THICKEST_STROKE)) / 2), 0.6 * ridge[Math.floor(ridge.length / 10)]);
  const margin = 2 + Math.floor(more);
  const inside = pad(depth, margin);
  const outside = depthOf(map(pad(cut, margin), (value) => 1 - value));
  return map(inside, (value, i) => {
    const distance = more > 0 && outside.data[i] > 0 ? 0.5 - outside.data[i] : value - 0.5;
    return Math.min(Math.max(distance + more - less + 0.5, 0), 1);
  });
}

const KERNEL = Array.from({ length: 9 }, (_, i) => Math.exp(-((i - 4) ** 2) / (2 * (SOFTNESS * FINE) ** 2)));
const KERNEL_SUM = KERNEL.reduce((sum, weight) => sum + weight);

// A Gaussian in one direction; around the grid there is nothing.
function softenedRows(from) {
  const row = new Float32Array(from.width);
  return alongRows(from, from.width, (values) => {
    row.fill(0);
    for (let i = 0; i < values.length; i++) {
      if (!values[i]) continue;
      const last = Math.min(i + 4, row.length - 1);
      for (let at = Math.max(0, i - 4); at <= last; at++) row[at] += (KERNEL[at - i + 4] / KERNEL_SUM) * values[i];
    }
    return row;
  });
}

// Scale the longer side of the digit to 20 pixels of MNIST, keeping its proportions, and soften its edges.
function fit(strokes) {
  const digit = crop(strokes, boundingBox(map(strokes, (here) => here > 0.5)));
  const fine = pad(scale(pad(digit, 1), (DIGIT_SIDE * FINE) / Math.max(digit.width, digit.height)), FINE);
  return softenedRows(softenedRows(fine));
}

// Put the centre of mass at the centre of 28×28, and average the fine grid down to that.
function centre(fine) {
  let mass = 0, x = 0, y = 0;
  for (let v = 0, i = 0; v < fine.height; v++) {
    for (let u = 0; u < fine.width; u++, i++) {
      mass += fine.data[i];
      x += fine.data[i] * (u + 0.5);
      y += fine.data[i] * (v + 0.5);
    }
  }
  const [left, top] = [x, y].map((sum) => round(14.5 * FINE - sum / mass));
  const sums = new Float64Array(28 * 28);
  for (let v = 0, i = 0; v < fine.height; v++) {
    const row = Math.floor((v + top) / FINE);
    for (let u = 0; u < fine.width; u++, i++) {
      const column = Math.floor((u + left) / FINE);
      if (row >= 0 && row < 28 && column >= 0 && column < 28) sums[28 * row + column] += fine.data[i];
    }
  }
  return Uint8Array.from(sums, (sum) => round((255 * sum) / FINE ** 2));
}

// Every way from strokes to MNIST's form that may be the right one; none when there is no ink on the pad. Of each:
// `pixels` (28×28, 255 = ink), `kept` (share of the ink), `odds` (their logarithm), `several` digits perhaps, `contacts`
// with the pad's edge.
export const prepare = (strokes) => prepareInk(drawStrokes(strokes));

export function prepareInk(drawn) {
  const place = withMargin(boundingBox(drawn));
  const ink = evenLight(crop(drawn, place));
  const found = findInk(ink);
  if (!found) return [];
  const inkOf = (mask) => count(map(ink, (here, i) => here * mask.data[i]));
  const { pieces } = piecesOf(found);
  const digit = pieces.length > 1 ? pickDigit(found, place) : found;
  const several = holdsSeveral(pieces, place);
  const ways = [{ mask: digit, odds: 0 }];
  // What is dropped may belong to the digit, after all; less likely so where it may be another one, or one cut off.
  if (count(found) > count(digit)) {
    const rest = piecesOf(map(found, (here, i) => here && !digit.data[i])).pieces;
    const cutOff = isOffEdge(boundingBox(digit), place) && !rest.some(({ box }) => isOffEdge(box, place));
    ways.push({ mask: found, odds: several || cutOff ? -SEEN : 0 });
  }
  return ways.map(({ mask, odds }) => ({
    pixels: centre(fit(evenStrokes(cutOut(ink, mask)))),
    kept: inkOf(mask) / inkOf(found),
    odds,
    several,
    contacts: contacts(mask, place),
  }));
}

// With paper around the ink, as far as the pad has some: what lies farther away tells nothing.
const MARGIN = 6;

const withMargin = ({ top, bottom, left, right }) => ({
  top: Math.max(0, top - MARGIN),
  bottom: Math.min(SIDE, bottom + MARGIN),
  left: Math.max(0, left - MARGIN),
  right: Math.min(SIDE, right + MARGIN),
});
