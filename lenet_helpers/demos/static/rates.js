// What a step does at each of several learning rates, for the figure and the sentence of `one_step.js`.

// The place of a rate on a logarithmic axis from 0 to 1.
export const across = (rate, rates) => Math.log(rate / rates[0]) / Math.log(rates.at(-1) / rates[0]);

// The rate that stands nearest to a place on the axis.
export function nearest(place, rates) {
  const far = rates.map((rate) => Math.abs(across(rate, rates) - place));
  return far.indexOf(Math.min(...far));
}

// What to say of a step that brings a loss from `before` to `after`.
export function judged(before, after) {
  if (after > before) return "The step goes too far: the loss is higher than before.";
  return after > 0.97 * before ? "The step is so small that the loss hardly moves." : "The loss falls.";
}

// A loss with as many digits as are worth reading: 0.01, 12.3, 1,234, 1.2e+5.
export function short(loss, digits = 2) {
  if (loss >= 1e5) return loss.toExponential(1);
  return loss >= 100 ? Math.round(loss).toLocaleString("en") : loss.toFixed(loss >= 10 ? 1 : digits);
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
