// A training step, slowly: forward, loss, gradient, step, and the step at other rates. All numbers have come with the
// trait `step`; here they are drawn, one stage at a time.

import { across, judged, mean, nearest, short } from "./rates.js";
import { best, toInput } from "./network.js";
import { ink, largest, number, paint, signed, textOn } from "./signed.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SIDE = 28; // of an image
const COLUMNS = 4; // of the images
const DOT = 16; // pixels of a canvas for a number of a kernel
const GAP = 8; // and between two kernels
const LINES = { before: "Kernels of conv1", slopes: "Their slopes", difference: "− rate × slope", after: "After the step" };
// Of the figure of the rates: left, top, width and height of what is inside its axes.
const PLOT = { left: 44, top: 24, width: 350, height: 180 };

const CENTRED = 'text-anchor="middle"';

const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.001 ? 2 : 1)} %`;

const stageButton = (name, i) => `<button type="button" class="lenet-stage" data-stage="${i}">${i + 1} ${name}</button>`;
const bar = (digit) => `<div class="lenet-bar"><span>${digit}</span><div><div></div></div><span></span></div>`;

function tile(label, i) {
  const bars = "<i></i>".repeat(10);
  return `<button type="button" class="lenet-tile" data-image="${i}" tabindex="-1"><canvas></canvas>
    <span class="lenet-ten">${bars}</span><small></small></button>`;
}

function line(name) {
  return `<figure data-line="${name}"><figcaption></figcaption><canvas role="img"></canvas></figure>`;
}

function render({ model, el }) {
  el.classList.add("lenet-demo");
  const stages = model.get("stages");
  const { pixels, labels, kernels, slopes, rates, probabilities, losses } = model.get("step");
  const means = losses.map(mean);
  const most = Math.max(3, 1.3 * means[0]); // of the figure of the rates
  el.innerHTML = `
    <div class="lenet-step" role="group" aria-label="One training step">
      <div class="lenet-row">
        <button type="button" data-go="-1">Back</button>
        ${stages.map(stageButton).join("")}
        <button type="button" data-go="1">Next</button>
      </div>
      <p data-part="said" aria-live="polite"></p>
      <div class="lenet-stepping">
        <div class="lenet-batch" role="group" aria-label="The images of the batch">${labels.map(tile).join("")}</div>
        <div class="lenet-panel">
          <div data-part="detail">
            <figure><canvas role="img"></canvas><figcaption></figcaption></figure>
            <div class="lenet-bars">${[...Array(10).keys()].map(bar).join("")}</div>
          </div>
          <div data-part="rates">
            <label><span>Learning rate</span> <input type="range" min="1" max="${rates.length - 1}"> <output></output></label>
            <svg viewBox="0 0 ${PLOT.left + PLOT.width + 16} ${PLOT.top + PLOT.height + 44}" role="img"></svg>
          </div>
          <div data-part="kernels">${Object.keys(LINES).map(line).join("")}
            <div class="lenet-scale"><span>below 0</span><b></b><span>above 0</span></div>
            <p data-part="weight" aria-live="polite"></p>
          </div>
        </div>
      </div>
    </div>`;
  const part = Object.fromEntries([...el.querySelectorAll("[data-part]")].map((each) => [each.dataset.part, each]));
  const tiles = [...el.querySelectorAll(".lenet-tile")];
  const slider = el.querySelector("input");
  const plot = el.querySelector("svg");
  const lines = Object.fromEntries([...el.querySelectorAll("[data-line]")].map((each) => [each.dataset.line, each]));
  const canvases = [...el.querySelectorAll("[data-line] canvas")];
  for (const canvas of canvases) {
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
  }
  for (const each of el.querySelectorAll("canvas, button, input")) each.dataset.lmSuppressShortcuts = "true";
  const paintImage = (canvas, i) => paint(canvas, Array.from(toInput(decode(pixels[i])), ink), SIDE);
  tiles.forEach((each, i) => paintImage(each.firstChild, i));

  let image = losses[0].indexOf(Math.max(...losses[0])); // the one looked at: at first the worst
  let weight = 0; // of conv1, from 0 to 149: at first the steepest
  slopes.flat().forEach((slope, i, all) => (weight = Math.abs(slope) > Math.abs(all[weight]) ? i : weight));

  function show() {
    const stage = model.get("stage");
    const at = model.get("rate");
    const after = stage >= 3 ? at : 0; // which row of the losses the images show
    el.querySelectorAll(".lenet-stage").forEach((each, i) => {
      if (i === stage) each.setAttribute("aria-current", "step");
      else each.removeAttribute("aria-current");
    });
    // No button is disabled: that would take the focus away from whoever presses it by a key.
    el.querySelector("[data-go='-1']").setAttribute("aria-disabled", stage === 0);
    el.querySelector("[data-go='1']").setAttribute("aria-disabled", stage === stages.length - 1);
    part.detail.hidden = stage > 1;
    part.kernels.hidden = stage < 2;
    part.rates.hidden = stage < 4;
    tell(part.said, sentence(stage, at));
    tiles.forEach((each, i) => showTile(each, i, stage, after));
    if (stage < 2) showDetail(stage);
    else showKernels(stage, at);
    if (stage === 4) showRates(at);
  }

  // What is there already is not told again by a screen reader.
  function tell(where, text) {
    if (where.dataset.told !== text) where.innerHTML = where.dataset.told = text;
  }

  function sentence(stage, at) {
    const right = [0, at].map((row) => probabilities[row].filter((each, i) => best(each) === labels[i]).length);
    const [before, after] = [means[0], means[at]].map((loss) => `<strong>${short(loss, 3)}</strong>`);
    const count = labels.length;
    const goes = `the loss of the same ${count} images goes from ${before} to ${after}.`;
    return [
      `${count} images go through the network, and each gets ten probabilities, one for each digit, that of the right
        digit in orange. ${right[0]} are read right.`,
      `The loss of an image is minus the natural logarithm of the probability of its right digit. The mean of all ${count},
        ${before}, is the loss of the batch.`,
      `The gradient holds one slope for each of the network's parameters; those of the first layer's kernels are shown.
        Orange, +: the loss rises when this number grows. Blue, −: it falls.`,
      `Every parameter moves against its slope: minus ${rates[at]} × slope. So ${goes}`,
      `A step at a rate of ${rates[at]}: ${goes} ${judged(means[0], means[at])} Read right: ${right[0]} before it,
        ${right[1]} after it.`,
    ][stage];
  }

  function showTile(each, i, stage, after) {
    const [, bars, text] = each.children;
    const now = probabilities[after][i];
    const read = best(now);
    [...bars.children].forEach((bar, digit) => {
      bar.style.setProperty("--share", now[digit]);
      bar.className = digit === labels[i] ? "lenet-truth" : "";
    });
    const [before, then] = [losses[0][i], losses[after][i]].map((loss) => short(loss));
    const said = `${read === labels[i] ? "✓" : "✗"} reads ${read}`;
    text.textContent = stage === 0 ? said : stage < 3 ? before : `${before} → ${then}`;
    const told = stage === 0 ? `read as ${read}` : `loss ${before}${stage < 3 ? "" : `, then ${then}`}`;
    each.setAttribute("aria-label", `Image ${i + 1}: ${labels[i]}, ${told}`);
    each.setAttribute("aria-pressed", i === image);
    each.tabIndex = i === image ? 0 : -1;
  }

  function showDetail(stage) {
    const now = probabilities[0][image];
    const [label, read] = [labels[image], best(now)];
    const canvas = part.detail.querySelector("canvas");
    paintImage(canvas, image);
    canvas.setAttribute("aria-label", `Image ${image + 1}`);
    const share = Math.exp(-losses[0][image]);
    part.detail.querySelector("figcaption").innerHTML =
      stage === 0
        ? `It is ${label}, and is read as ${read}.`
        : `Its right digit, ${label}, has ${percent(share).replace(" ", "\u00a0")}:<br>−ln ${number(share, 3)} = <strong>${short(losses[0][image])}</strong>`;
    part.detail.querySelectorAll(".lenet-bar").forEach((row, digit) => {
      row.classList.toggle("lenet-top", digit === read);
      row.classList.toggle("lenet-truth", digit === label);
      row.children[1].firstChild.style.width = percent(now[digit]).replace(" ", "");
      row.children[2].textContent = percent(now[digit]);
    });
  }

  // Six kernels in a row, each number in its colour, with its sign.
  function draw(canvas, values, limit) {
    canvas.width = 6 * 5 * DOT + 5 * GAP;
    canvas.height = 5 * DOT;
    const pen = canvas.getContext("2d");
    values.flat().forEach((value, i) => {
      const [x, y] = corner(i);
      const colour = signed(value, limit);
      pen.fillStyle = `rgb(${colour})`;
      pen.fillRect(x, y, DOT, DOT);
      pen.fillStyle = textOn(colour);
      if (Math.abs(value) < limit / 10) return;
      pen.fillRect(x + 5, y + DOT / 2 - 0.5, 6, 1);
      if (value > 0) pen.fillRect(x + DOT / 2 - 0.5, y + 5, 1, 6);
    });
    const [x, y] = corner(weight);
    for (const [colour, inset] of [["#000", 0.5], ["#E69F00", 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      pen.strokeRect(x + inset, y + inset, DOT - 2 * inset, DOT - 2 * inset);
    }
  }

  const corner = (i) => [Math.floor(i / 25) * (5 * DOT + GAP) + (i % 5) * DOT, Math.floor((i % 25) / 5) * DOT];

  function showKernels(stage, at) {
    const rate = rates[at];
    const moved = kernels.map((kernel, k) => kernel.map((value, i) => value - rate * slopes[k][i]));
    const difference = slopes.map((each) => each.map((slope) => -rate * slope));
    const values = { before: kernels, slopes, difference, after: moved };
    const shown = [[], [], ["before", "slopes"], ["before", "difference", "after"], ["after"]][stage];
    const limits = { slopes: largest(slopes.flat()), difference: largest(difference.flat()) };
    for (const [name, each] of Object.entries(lines)) {
      each.hidden = !shown.includes(name);
      if (each.hidden) continue;
      const limit = limits[name] ?? largest(kernels.flat()); // the same before and after
      draw(each.lastChild, values[name], limit);
      each.firstChild.textContent = `${LINES[name]} (full colour: ±${Number(limit.toPrecision(2))})`;
      each.lastChild.setAttribute("aria-label", `${LINES[name]}: six kernels of 5 by 5. The arrow keys choose a number.`);
    }
    const [w, slope, then] = [kernels, slopes, moved].map((each) => each.flat()[weight]);
    const place = `Kernel ${Math.floor(weight / 25)}, row ${Math.floor((weight % 25) / 5)}, column ${weight % 5}`;
    const bracketed = slope < 0 ? `(${number(slope, 3)})` : number(slope, 3);
    const step = `${number(w, 3)} − ${rate} × ${bracketed} = ${number(then, 3)}`;
    tell(part.weight, `${place}: ${stage === 2 ? `${number(w, 3)}, its slope ${number(slope, 3)}` : step}`);
  }

  const x = (rate) => PLOT.left + PLOT.width * across(rate, rates.slice(1));
  const y = (loss) => PLOT.top + PLOT.height * (1 - Math.min(loss, 9 * most) / most); // far outside, it is cut off

  function showRates(at) {
    const bottom = PLOT.top + PLOT.height;
    const right = PLOT.left + PLOT.width;
    const curve = rates.slice(1).map((rate, i) => `${x(rate).toFixed(1)},${y(means[i + 1]).toFixed(1)}`);
    const ticks = rates.filter((rate) => Number.isInteger(Number(Math.log10(rate).toFixed(9))));
    const guess = Math.log(10);
    const text = (x, y, said, more) => `<text x="${x}" y="${y}" ${more}>${said}</text>`;
    const line = (kind, path) => `<path class="lenet-${kind}" d="${path}"/>`;
    const middle = PLOT.top + PLOT.height / 2;
    const inside = [PLOT.left, PLOT.top, PLOT.width, PLOT.height];
    plot.innerHTML = [
      line("axis", `M${PLOT.left} ${PLOT.top}V${bottom}H${right}`),
      ...ticks.map((rate) => line("axis", `M${x(rate)} ${bottom}v4`) + text(x(rate), bottom + 17, rate, CENTRED)),
      ...[0, 1, 2, 3].map(
        (loss) => line("axis", `M${PLOT.left} ${y(loss)}h-4`) + text(PLOT.left - 8, y(loss) + 4, loss, 'text-anchor="end"')
      ),
      text((PLOT.left + right) / 2, bottom + 36, "learning rate of the step", CENTRED),
      text(12, middle, "loss after it", `${CENTRED} transform="rotate(-90 12 ${middle})"`),
      line("before", `M${PLOT.left} ${y(means[0])}H${right}`),
      text(PLOT.left + 6, y(means[0]) + 15, "before the step", ""),
      line("guess", `M${PLOT.left} ${y(guess)}H${right}`),
      text(PLOT.left + 6, y(guess) - 5, "ten equal probabilities", ""),
      `<svg x="${inside[0]}" y="${inside[1]}" width="${inside[2]}" height="${inside[3]}" viewBox="${inside.join(" ")}">
        <polyline class="lenet-curve" points="${curve.join(" ")}"/></svg>`,
      line("chosen-rate", `M${x(rates[at])} ${PLOT.top}V${bottom}`),
      `<circle class="lenet-mark" cx="${x(rates[at])}" cy="${y(Math.min(means[at], most))}" r="6"/>`,
      means[at] > most ? text(Math.min(x(rates[at]), right - 20), 14, `↑ ${short(means[at])}`, CENTRED) : "",
    ].join("");
    const least = means.indexOf(Math.min(...means));
    plot.setAttribute(
      "aria-label",
      `The loss after one step over its rate, from ${rates[1]} to ${rates.at(-1)}: lowest at ${rates[least]}, ${short(means[least])}`
    );
    slider.value = at;
    slider.setAttribute("aria-valuetext", `${rates[at]}, loss ${short(means[at])}`);
    el.querySelector("output").textContent = rates[at];
  }

  function set(name, value) {
    model.set(name, value);
    model.save_changes();
    show();
  }

  const go = (stage) => set("stage", Math.min(stages.length - 1, Math.max(0, stage)));

  function look(i, focus) {
    image = Math.min(tiles.length - 1, Math.max(0, i));
    show();
    if (focus) tiles[image].focus();
  }

  function weightUnder(event) {
    const box = event.target.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width) * event.target.width;
    const down = Math.floor(((event.clientY - box.top) / box.height) * 5);
    const kernel = Math.min(5, Math.max(0, Math.floor(across / (5 * DOT + GAP))));
    const column = Math.min(4, Math.max(0, Math.floor((across - kernel * (5 * DOT + GAP)) / DOT)));
    weight = 25 * kernel + 5 * Math.min(4, Math.max(0, down)) + column;
    show();
  }

  function keyOnKernels(event) {
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    const [kernel, row, column] = [Math.floor(weight / 25), Math.floor((weight % 25) / 5), weight % 5];
    const [down, right] = ARROWS[event.key];
    const wide = Math.min(29, Math.max(0, 5 * kernel + column + right)); // the six stand in a row
    weight = 25 * Math.floor(wide / 5) + 5 * Math.min(4, Math.max(0, row + down)) + (wide % 5);
    show();
  }

  function rateUnder(event) {
    if (event.type === "pointermove" && event.pointerType === "mouse" && !event.buttons) return;
    const box = plot.getBoundingClientRect();
    const place = (((event.clientX - box.left) / box.width) * plot.viewBox.baseVal.width - PLOT.left) / PLOT.width;
    set("rate", 1 + nearest(place, rates.slice(1)));
  }

  el.querySelector(".lenet-row").addEventListener("click", ({ target: { dataset } }) => {
    if (dataset.go) go(model.get("stage") + Number(dataset.go));
    if (dataset.stage) go(Number(dataset.stage));
  });
  tiles.forEach((each, i) => {
    each.addEventListener("pointerenter", () => look(i));
    each.addEventListener("click", () => look(i, true));
    each.addEventListener("keydown", (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      const [down, right] = ARROWS[event.key];
      look(i + COLUMNS * down + right, true);
    });
  });
  for (const canvas of canvases) {
    canvas.addEventListener("pointermove", weightUnder);
    canvas.addEventListener("pointerdown", weightUnder);
    canvas.addEventListener("keydown", keyOnKernels);
  }
  plot.addEventListener("pointerdown", rateUnder);
  plot.addEventListener("pointermove", rateUnder);
  slider.addEventListener("input", () => set("rate", Number(slider.value)));
  model.on("change:stage change:rate", show);
  show();
  return () => model.off("change:stage change:rate", show);
}

export default { render };
