// A network to take home: a pad, what the network reads, and what each of its layers makes of it. No kernel, no server.

import pad from "./pad.js";
import reading from "./reading.js";
import { Classifier } from "./classifier.js";
import { LocalModel } from "./local_model.js";
import { toInput } from "./network.js";
import { SIDE, drawStrokes } from "./preparation.js";

const SLOW_MS = 25; // where reading takes longer, an unfinished stroke is not read
const SLICE_MS = 4; // for so long the page may look, and not heed a hand

const about = JSON.parse(document.getElementById("lenet-about").textContent);
const classifier = new Classifier(about);
const colours = Uint8Array.from(atob(about.colours), (letter) => letter.charCodeAt(0));

const { widths, samples, brush } = about.pad;
const drawing = new LocalModel({ strokes: [], live: [], widths, samples, brush, size: 22, keep: "lenet-pad" });
const answer = new LocalModel({ reading: { message: "Draw a digit" } });

// One picture of all maps of a stage, on one scale.
const GAP = 1;

function showStage(canvas, values, { maps, columns }) {
  const side = Math.sqrt(values.length / maps);
  const rows = Math.ceil(maps / columns);
  canvas.width = columns * (side + GAP) - GAP;
  canvas.height = rows * (side + GAP) - GAP;
  const image = new ImageData(canvas.width, canvas.height);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  values.forEach((value, i) => {
    const [map, place] = [Math.floor(i / side ** 2), i % side ** 2];
    const x = (map % columns) * (side + GAP) + (place % side);
    const y = Math.floor(map / columns) * (side + GAP) + Math.floor(place / side);
    const colour = 3 * Math.round(high > low ? (255 * (value - low)) / (high - low) : 0);
    image.data.set(colours.subarray(colour, colour + 3), 4 * (y * canvas.width + x));
    image.data[4 * (y * canvas.width + x) + 3] = 255;
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const look = document.getElementById("lenet-look");
const layers = document.getElementById("lenet-layers");
const pictures = about.stages.map((stage) => {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const canvas = document.createElement("canvas");
  caption.textContent = stage.title;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", stage.title);
  canvas.style.width = `${stage.width}%`;
  figure.append(caption, canvas);
  layers.append(figure);
  return canvas;
});

let took = 0; // milliseconds of the last reading
let later; // the layers follow once the answer has been painted ...
let looking; // ... and where the network looks, little by little

function read({ unfinished }) {
  if (unfinished && took > SLOW_MS) return;
  const began = performance.now();
  const live = drawing.get("live");
  const found = classifier.read([...drawing.get("strokes"), ...live]);
  const serial = live.length ? null : drawing.get("strokes").length;
  answer.set("reading", found ? { ...found, serial } : { message: "Draw a digit", serial });
  took = performance.now() - began;
  clearTimeout(later);
  clearTimeout(looking);
  if (found && !live.length && look.checked) looking = setTimeout(lookOn, 0, classifier.looks(found));
  requestAnimationFrame(() => {
    later = setTimeout(showStages, 0, found ? new Uint8Array(found.pixels.buffer) : new Uint8Array(28 * 28));
  });
}

function lookOn(places) {
  const began = performance.now();
  let step;
  do step = places.next();
  while (!step.done && performance.now() - began < SLICE_MS);
  if (step.done) answer.set("reading", { ...answer.get("reading"), ...step.value });
  else looking = setTimeout(lookOn, 0, places);
}

function showStages(pixels) {
  const stages = classifier.network.stages(toInput(pixels));
  about.stages.forEach((stage, i) => showStage(pictures[i], stages[stage.name], stage));
}

async function savePicture() {
  const { digit } = answer.get("reading");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const image = new ImageData(SIDE, SIDE);
  drawStrokes(drawing.get("strokes")).data.forEach((ink, i) => {
    image.data.fill(Math.round(255 * (1 - ink)), 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  drawing.tell("msg:custom", { png: `${digit === undefined ? "drawing" : `digit-${digit}`}.png` }, [await blob.arrayBuffer()]);
}

drawing.on("change:strokes", () => read({ unfinished: false }));
drawing.on("change:live", () => drawing.get("live").length && read({ unfinished: true }));
drawing.on("sent", savePicture);
look.addEventListener("change", () => read({ unfinished: false }));
reading.render({ model: answer, el: document.querySelector("#lenet-reading > div") });
read({ unfinished: false });
pad.render({ model: drawing, el: document.getElementById("lenet-pad") });
document.getElementById("lenet-needs").remove();

// A browser translates what has run often: it reads the samples before anybody draws.
const rehearsal = Object.values(samples).map((lines) => lines.map((line) => ({ ...line, width: brush })));
(function rehearse() {
  if (rehearsal.length) {
    classifier.read(rehearsal.pop());
    setTimeout(rehearse);
  } else document.getElementById("lenet-pad").dataset.ready = "";
})();
