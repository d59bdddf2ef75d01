// Convolution, touched: point at a number of the output and see its window, the kernel, their products and the sum; or
// change the kernel. All is computed here: nothing waits for the notebook's process.

import { toInput } from "./network.js";
import { ink, largest, number, paint, signed, textOn } from "./signed.js";
import { convolve, products, starts, sum, windowAt } from "./windows.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SIGNS = { ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓", ArrowRight: "→" };
const CAPTIONS = { window: "Window", kernel: "× kernel: change it", products: "= products" };
const SLIDE_MS = 9000; // for the whole picture
const MOST = 99; // of a number of the kernel

const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const within = (value, length) => Math.min(length - 1, Math.max(0, value));
const options = (names) => names.map((name) => `<option>${name}</option>`).join("");
const select = (name, label, inner) =>
  `<label>${label} <select aria-label="${label}" data-part="${name}">${inner}</select></label>`;

function table(name, size) {
  const cell = (row, column) => {
    const field = `<input type="number" step="0.1" aria-label="Kernel, row ${row}, column ${column}">`;
    return `<td data-cell="${row * size + column}">${name === "kernel" ? field : ""}</td>`;
  };
  const each = [...Array(size).keys()];
  const rows = each.map((row) => `<tr>${each.map((column) => cell(row, column)).join("")}</tr>`).join("");
  return `<table data-grid="${name}"><caption>${CAPTIONS[name]}</caption><tbody>${rows}</tbody></table>`;
}

function render({ model, el }) {
  el.classList.add("lenet-demo");
  const kernels = model.get("kernels");
  const learned = Object.keys(kernels).filter((kind) => kind.startsWith("learned"));
  const made = Object.keys(kernels).filter((kind) => !learned.includes(kind));
  const sizes = Object.keys(kernels[made[0]]);
  el.innerHTML = `
    <div class="lenet-convolution" role="group" aria-label="Convolution">
      <div class="lenet-row">
        ${select("digit", "Digit", options(Object.keys(model.get("digits"))))}
        ${select("kind", "Kernel", `<option hidden>your own</option><optgroup label="made by hand">${options(made)}</optgroup>
          <optgroup label="learned, of conv1">${options(learned)}</optgroup>`)}
        ${select("size", "Size", options(sizes))}
        ${select("stride", "Stride", options([1, 2, 3, 4]))}
        ${select("padding", "Padding", options([0, 1, 2, 3, 4]))}
        <button type="button" data-part="reset">Reset the kernel</button>
        <button type="button" data-part="slide" aria-pressed="false">Slide the window</button>
      </div>
      <p data-part="sides"></p>
      <div class="lenet-touched">
        <figure><figcaption></figcaption>
          <div class="lenet-map"><canvas role="img" data-part="input"></canvas><i></i><i></i></div></figure>
        <div class="lenet-grids" data-part="grids">
          <div class="lenet-sum" data-part="sum">
            <p data-part="product"></p>
            <p class="lenet-total" data-part="total" aria-live="polite"></p>
            <div class="lenet-row" role="group" aria-label="Move the window">${Object.entries(SIGNS)
              .map(([key, sign]) => `<button type="button" data-move="${key}" aria-label="${key.slice(5)}">${sign}</button>`)
              .join("")}</div>
          </div>
        </div>
        <figure><figcaption></figcaption>
          <div class="lenet-map"><canvas tabindex="0" role="application" data-part="output"></canvas><i></i></div>
          <div class="lenet-scale"><span></span><b></b><span></span></div></figure>
      </div>
    </div>`;
  const part = Object.fromEntries([...el.querySelectorAll("[data-part]")].map((each) => [each.dataset.part, each]));
  const [inputFrame, pixelFrame, outputFrame] = el.querySelectorAll(".lenet-map i");
  const [inputCaption, outputCaption] = el.querySelectorAll("figcaption");
  // Each control in focus keeps its keys from JupyterLab, as in pad.js.
  const keepKeys = () => {
    for (const each of el.querySelectorAll("canvas, button, select, input")) each.dataset.lmSuppressShortcuts = "true";
  };

  let now; // what is computed from the traits: image, kernel, size, begin, output
  let place = null; // row and column of the output; none before the first picture
  let cell = null; // of the window
  let kind = made[0]; // the preset that Reset goes back to
  let slide = null; // the animation's frame

  function compute() {
    stop();
    const kernel = model.get("kernel").flat();
    const size = model.get("kernel").length;
    const image = toInput(decode(model.get("digits")[model.get("digit")]));
    const [stride, padding] = [model.get("stride"), model.get("padding")];
    const begin = starts(Math.sqrt(image.length), size, stride, padding);
    now = { image, kernel, size, stride, padding, begin, output: convolve(image, kernel, stride, padding) };
    const same = (name) => kernels[name][size]?.flat().every((value, i) => value === kernel[i]);
    const found = [kind, ...Object.keys(kernels)].find(same);
    kind = found ?? kind;
    part.kind.value = found ?? "your own";
    part.size.value = size;
    part.size.disabled = learned.includes(part.kind.value);
    for (const name of ["digit", "stride", "padding"]) part[name].value = model.get(name);
    if (place === null) {
      const most = now.output.indexOf(Math.max(...now.output));
      place = [Math.floor(most / begin.length), most % begin.length];
    }
    place = place.map((at) => within(at, begin.length));
    cell = cell === null ? null : within(cell, kernel.length);
    showMaps();
    show();
  }

  function set(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
    compute();
  }

  // The input with its padding, and the output: all of it, or what the window has passed.
  function showMaps(passed = now.output.length) {
    const { image, padding, begin, output, kernel, size, stride } = now;
    const side = Math.sqrt(image.length);
    const padded = windowAt(image, -padding, -padding, side + 2 * padding);
    paint(part.input, padded.map(ink), side + 2 * padding);
    const limit = largest(output);
    const paper = [255, 255, 255];
    paint(part.output, output.map((value, i) => (i < passed ? signed(value, limit) : paper)), begin.length);
    inputCaption.textContent = `Input, ${side}×${side}${padding ? ", and the zeros around it" : ""}`;
    const bias = part.size.disabled ? ", before conv1's bias" : "";
    outputCaption.textContent = `Output, ${begin.length}×${begin.length}${bias}`;
    part.input.setAttribute("aria-label", `The input, a digit, ${side} by ${side}`);
    part.output.setAttribute(
      "aria-label",
      `The output, ${begin.length} by ${begin.length} numbers. The arrow keys choose one and move the window.`
    );
    const [low, , high] = el.querySelector(".lenet-scale").children;
    [low.textContent, high.textContent] = [number(-limit), number(limit)];
    part.sides.textContent =
      `Side of the output: an input of ${side}, a kernel of ${size}, stride ${stride}, padding ${padding} = ${begin.length}`;
  }

  // Where the window is, and what it makes.
  function show() {
    const { image, kernel, size, padding, begin, output } = now;
    if (part.grids.dataset.size !== String(size)) {
      part.grids.dataset.size = size;
      part.grids.style.setProperty("--size", size);
      part.grids.replaceChildren(part.sum);
      part.sum.insertAdjacentHTML("beforebegin", Object.keys(CAPTIONS).map((name) => table(name, size)).join(""));
      keepKeys();
    }
    const [top, left] = place.map((at) => begin[at]);
    const window = windowAt(image, top, left, size);
    const each = products(window, kernel);
    const limits = { kernel: largest(kernel), products: largest(each) };
    for (const [name, values] of Object.entries({ window, kernel, products: each })) {
      part.grids.querySelectorAll(`[data-grid="${name}"] td`).forEach((td, i) => {
        const colour = name === "window" ? ink(values[i]) : signed(values[i], limits[name]);
        td.style.background = `rgb(${colour})`;
        td.style.color = textOn(colour);
        td.classList.toggle("lenet-chosen", i === cell);
        const [field] = td.children;
        if (!field) td.textContent = number(values[i]);
        else if (field !== document.activeElement) field.value = Number(values[i].toFixed(2));
      });
    }
    const side = Math.sqrt(image.length) + 2 * padding;
    frame(inputFrame, top + padding, left + padding, size, side);
    frame(outputFrame, ...place, 1, begin.length);
    pixelFrame.hidden = cell === null;
    if (cell !== null) frame(pixelFrame, top + padding + Math.floor(cell / size), left + padding + (cell % size), 1, side);
    part.product.textContent =
      cell === null
        ? "Point at a cell to see its product."
        : `${number(window[cell])} × ${number(kernel[cell])} = ${number(each[cell])}`;
    const [row, column] = place;
    part.total.innerHTML =
      `${each.length} products add up to <strong>${number(sum(each))}</strong> <span>= output[${row}, ${column}]</span>`;
    part.output.dataset.place = place;
    part.output.dataset.value = output[row * begin.length + column];
  }

  function frame(mark, row, column, size, side) {
    const percent = (pixels) => `${(100 * pixels) / side}%`;
    Object.assign(mark.style, { top: percent(row), left: percent(column), width: percent(size), height: percent(size) });
  }

  function move(row, column) {
    if (row === place[0] && column === place[1]) return;
    place = [row, column].map((at) => within(at, now.begin.length));
    show();
  }

  // The pixel of a canvas under a pointer.
  function under(event, side) {
    const box = event.target.getBoundingClientRect();
    const at = (from, length) => within(Math.floor((from / length) * side), side);
    return [at(event.clientY - box.top, box.height), at(event.clientX - box.left, box.width)];
  }

  function point(event) {
    if (event.type === "pointerdown") {
      event.preventDefault();
      event.target.setPointerCapture(event.pointerId);
      part.output.focus({ preventScroll: true });
    }
    stop();
    if (event.target === part.output) return move(...under(event, now.begin.length));
    const { begin, image, padding, size } = now;
    // The window whose middle is nearest.
    const nearest = (at) => {
      const far = begin.map((start) => Math.abs(start + padding + (size - 1) / 2 - at));
      return far.indexOf(Math.min(...far));
    };
    move(...under(event, Math.sqrt(image.length) + 2 * padding).map(nearest));
  }

  function chooseCell(event) {
    const td = event.target.closest("td");
    cell = td ? Number(td.dataset.cell) : null;
    show();
  }

  function step(key) {
    stop();
    const [down, right] = ARROWS[key];
    move(place[0] + down, place[1] + right);
  }

  function edit(event) {
    const value = event.target.valueAsNumber;
    if (Number.isNaN(value)) return; // while somebody types a minus
    const kernel = model.get("kernel").map((row) => [...row]);
    const at = Number(event.target.closest("td").dataset.cell);
    kernel[Math.floor(at / now.size)][at % now.size] = Math.min(MOST, Math.max(-MOST, value));
    set({ kernel });
  }

  function preset(name, size) {
    kind = name;
    set({ kernel: kernels[name][size] ?? Object.values(kernels[name])[0] });
  }

  function stop() {
    if (slide === null) return;
    cancelAnimationFrame(slide);
    slide = null;
    part.slide.setAttribute("aria-pressed", "false");
    part.total.setAttribute("aria-live", "polite");
    showMaps();
  }

  function start() {
    const began = performance.now();
    const side = now.begin.length;
    part.slide.setAttribute("aria-pressed", "true");
    part.total.setAttribute("aria-live", "off"); // nobody can listen that fast
    (function next() {
      const at = Math.floor(((performance.now() - began) / SLIDE_MS) * side * side);
      if (at >= side * side) return stop();
      slide = requestAnimationFrame(next);
      move(Math.floor(at / side), at % side);
      showMaps(at + 1);
    })();
  }

  for (const canvas of [part.input, part.output]) {
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // as in pad.js
  }
  part.output.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    step(event.key);
  });
  part.grids.addEventListener("pointerover", chooseCell);
  part.grids.addEventListener("focusin", chooseCell);
  // A finger that is lifted leaves, too: what it has chosen stays.
  part.grids.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && chooseCell(event));
  part.grids.addEventListener("input", edit);
  part.grids.addEventListener("focusout", () => show());
  part.digit.addEventListener("change", () => set({ digit: part.digit.value }));
  part.stride.addEventListener("change", () => set({ stride: Number(part.stride.value) }));
  part.padding.addEventListener("change", () => set({ padding: Number(part.padding.value) }));
  part.kind.addEventListener("change", () => preset(part.kind.value, now.size));
  part.size.addEventListener("change", () => preset(kind, part.size.value));
  part.reset.addEventListener("click", () => preset(kind, now.size));
  part.slide.addEventListener("click", () => (slide === null ? start() : stop()));
  part.slide.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
  part.sum.addEventListener("click", ({ target }) => target.dataset.move && step(target.dataset.move));
  const names = ["digit", "kernel", "stride", "padding"].map((name) => `change:${name}`).join(" ");
  model.on(names, compute);
  compute();
  keepKeys();
  return () => {
    stop();
    model.off(names, compute);
  };
}

export default { render };
