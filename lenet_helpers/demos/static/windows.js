// Convolution, one window at a time. An image and a kernel are squares of numbers, row by row. The network's own, in
// network.js, is for its two layers alone: kernels of 5×5, many at once, and ReLU.

// Where the windows begin along one side: in the padding, and on as long as they fit.
export function starts(side, size, stride, padding) {
  const all = [];
  for (let at = 0 - padding; at + size <= side + padding; at += stride) all.push(at);
  return all;
}

// The numbers in a window; beside the image stand the zeros of the padding, as in a layer of torch.
export function windowAt(image, top, left, size) {
  const side = Math.sqrt(image.length);
  return Array.from({ length: size * size }, (_, i) => {
    const [row, column] = [top + Math.floor(i / size), left + (i % size)];
    return Math.min(row, column) >= 0 && Math.max(row, column) < side ? image[row * side + column] : 0;
  });
}

export const products = (window, kernel) => window.map((value, i) => value * kernel[i]);

export const sum = (values) => values.reduce((total, value) => total + value, 0);

export function convolve(image, kernel, stride, padding) {
  const size = Math.sqrt(kernel.length);
  const begin = starts(Math.sqrt(image.length), size, stride, padding);
  return begin.flatMap((top) => begin.map((left) => sum(products(windowAt(image, top, left, size), kernel))));
}
