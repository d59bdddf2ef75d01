// What the network reads: the digit, how sure it is, the 28×28 pixels that it saw, ten bars.
// Where it is told, also where the network looks: orange where covering a place lowers the digit's probability. Pointing
// at a place, or the arrow keys, covers it, and the bars say what is read then.

const SIDE = 28;
const ORANGE = [213, 94, 0];

function render({ model, el }) {
  el.classList.add("lenet-demo");
  el.innerHTML = `
    <div class="lenet-reading">
      <div class="lenet-answer" aria-live="polite"><strong></strong> <span></span></div>
      <p class="lenet-warning" role="status"></p>
      <div class="lenet-seen">
        <figure><canvas width="28" height="28" role="img"></canvas><figcaption></figcaption></figure>
        <div class="lenet-bars" role="group" aria-label="Probability of each digit"></div>
      </div>
      <p class="lenet-covered" aria-live="polite"></p>
    </div>`;
  const [root] = el.children;
  const answer = el.querySelector("strong");
  const sure = el.querySelector(".lenet-answer span");
  const warning = el.querySelector(".lenet-warning");
  const canvas = el.querySelector("canvas");
  const caption = el.querySelector("figcaption");
  const told = el.querySelector(".lenet-covered");
  let place = null; // [row, column] of the middle of the patch
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const row = document.createElement("div");
    row.className = "lenet-bar";
    row.innerHTML = `<span>${digit}</span><div role="meter" aria-label="Probability of ${digit}" aria-valuemin="0"
      aria-valuemax="100"><div></div></div><span></span>`;
    el.querySelector(".lenet-bars").append(row);
    return row;
  });

  const percent = (share) => (share > 0.999 ? ">99.9 %" : `${(100 * share).toFixed(1)} %`);
  const say = (element, text) => element.textContent !== text && (element.textContent = text); // read out and laid out once only
  const number = (bytes, at) => bytes.getFloat32(4 * at, true);

  function showBars(probabilities, digit, truth) {
    rows.forEach((row, each) => {
      const share = probabilities?.[each] ?? 0;
      const [, meter, text] = row.children;
      row.classList.toggle("lenet-top", Boolean(probabilities) && each === digit);
      row.classList.toggle("lenet-truth", each === truth);
      meter.setAttribute("aria-valuenow", (100 * share).toFixed(1));
      meter.setAttribute("aria-valuetext", percent(share) + (each === truth ? ", what it is" : ""));
      meter.firstElementChild.style.width = `${(100 * share).toFixed(1)}%`;
      say(text, probabilities ? percent(share) + (each === truth ? " ◂ label" : "") : "");
    });
  }

  function paint() {
    const { pixels, falls, patch } = model.get("reading");
    const picture = canvas.getContext("2d");
    picture.fillStyle = "#fff";
    picture.fillRect(0, 0, SIDE, SIDE);
    if (!pixels) return;
    const image = picture.createImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE * SIDE; i++) {
      const gray = 255 - pixels.getUint8(i); // dark ink on light paper
      const share = falls ? 0.85 * Math.min(Math.max(number(falls, i), 0), 1) : 0;
      for (let channel = 0; channel < 3; channel++) {
        image.data[4 * i + channel] = gray + share * (ORANGE[channel] - gray);
      }
      image.data[4 * i + 3] = 255;
    }
    picture.putImageData(image, 0, 0);
    if (!place) return;
    const [top, left] = place.map((middle) => middle - (patch - 1) / 2);
    picture.fillRect(left, top, patch, patch);
    picture.strokeStyle = "#0072B2";
    picture.strokeRect(left + 0.5, top + 0.5, patch - 1, patch - 1);
  }

  function show() {
    const { digit, probabilities, pixels, warning: doubt, message, truth, serial, falls } = model.get("reading");
    const known = digit !== undefined && digit !== null;
    say(answer, known ? `It reads ${digit}` : message ?? "");
    say(sure, known ? `${percent(probabilities[digit])} sure` : "");
    say(warning, doubt ? `⚠ ${doubt}` : "");
    canvas.setAttribute("aria-label", known ? "The 28 by 28 pixels that the network sees" : "Nothing to see yet");
    if (falls) lookable(digit, falls);
    else say(caption, "What the network sees");
    if (!falls) canvas.removeAttribute("tabindex");
    told.hidden = !falls;
    cover(falls ? place : null);
    root.dataset.digit = known ? digit : "";
    root.dataset.serial = serial ?? "";
  }

  // The picture says where the network looks, and can be pointed at.
  function lookable(digit, falls) {
    const all = Array.from({ length: SIDE * SIDE }, (_, at) => number(falls, at));
    const most = all.indexOf(Math.max(...all));
    canvas.tabIndex = 0;
    caption.textContent = `Orange: covered there, the ${digit} gets less probable`;
    canvas.setAttribute(
      "aria-label",
      `Where the network looks: covered at row ${Math.floor(most / SIDE) + 1}, column ${(most % SIDE) + 1} of 28, the ` +
        `probability of the ${digit} falls most, by ${percent(all[most])}. The arrow keys cover a place.`
    );
  }

  // Put the patch at a place, or take it away.
  function cover(at) {
    place = at;
    paint();
    const { digit, probabilities, truth, covered } = model.get("reading");
    let text = "Point at a place of the digit to cover it.";
    if (!place) showBars(probabilities, digit, truth);
    else {
      const first = 10 * (SIDE * place[0] + place[1]);
      const read = Array.from({ length: 10 }, (_, each) => number(covered, first + each));
      const best = read.indexOf(Math.max(...read));
      showBars(read, best, truth);
      text = best === digit ? `Covered here, it still reads ${digit}: ${percent(read[digit])}.` : `✗ Covered here, it reads ${best}: ${percent(read[best])}.`;
    }
    say(told, text);
  }

  const within = (at) => Math.min(Math.max(at, 0), SIDE - 1);

  function point(event) {
    if (!model.get("reading").covered) return;
    const box = canvas.getBoundingClientRect();
    const at = (from, start, length) => within(Math.floor(((from - start) / length) * SIDE));
    cover([at(event.clientY, box.top, box.height), at(event.clientX, box.left, box.width)]);
  }

  function key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!model.get("reading").covered || (!step && event.key !== "Escape")) return;
    event.preventDefault();
    cover(step ? (place ?? [SIDE / 2, SIDE / 2]).map((middle, axis) => within(middle + step[axis])) : null);
  }

  // A lifted finger leaves the patch where it is, until something else is touched.
  const leave = (event) => place && event.pointerType !== "touch" && cover(null);

  canvas.dataset.lmSuppressShortcuts = "true";
  canvas.addEventListener("pointerdown", point);
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("blur", leave);
  canvas.addEventListener("keydown", key);
  model.on("change:reading", show);
  show();
  return () => model.off("change:reading", show);
}

export default { render };
