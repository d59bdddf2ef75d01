// Numbers with a sign, as colours and in writing: blue below 0, white at 0, orange above, the fuller the farther.

const BELOW = [0, 114, 178]; // both of the palette of lenet_helpers.plots
const ABOVE = [213, 94, 0];

// The colour of a number, [red, green, blue]; at a distance of `limit` from 0 it is full.
export function signed(value, limit) {
  const share = limit > 0 ? Math.min(1, Math.abs(value) / limit) : 0;
  return (value < 0 ? BELOW : ABOVE).map((full) => Math.round(255 + share * (full - 255)));
}

// The colour of a number of the network's input: paper at -1, black ink at 1.
export const ink = (value) => Array(3).fill(Math.round(127.5 * (1 - value)));

// Black or white, whichever is easier to read on a colour.
export function textOn(colour) {
  const [red, green, blue] = colour.map((level) => ((level / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}

// With a minus sign that is one, and none before a zero.
export function number(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) ? `−${text}` : text;
}

export const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

// Colours as pixels of a canvas, `width` in a row.
export function paint(canvas, colours, width) {
  canvas.width = width;
  canvas.height = colours.length / width;
  const image = new ImageData(canvas.width, canvas.height);
  colours.forEach((colour, i) => image.data.set([...colour, 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
}
