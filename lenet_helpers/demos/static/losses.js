// The loss of each step while a network learns, on axes that stay: the lines grow, and a few steps come with each message.

const GUESSING = Math.log(10); // the loss of ten equal probabilities
const MARGIN = { left: 3.2, right: 0.6, top: 0.5, bottom: 2.6 }; // in em

function render({ model, el }) {
  el.classList.add("lenet-demo");
  el.innerHTML = `
    <figure class="lenet-losses">
      <figcaption>Loss: <span class="lenet-each">of each step</span>,
        <span class="lenet-mean">mean of the last ${model.get("window")}</span>,
        <span class="lenet-validation">■ validation</span></figcaption>
      <svg role="img"></svg>
    </figure>`;
  const svg = el.querySelector("svg");
  let lines = new Float32Array(0); // loss and running mean of each step, in turn

  function draw() {
    const { clientWidth: width, clientHeight: height } = svg;
    if (!width) return;
    const em = parseFloat(getComputedStyle(svg).fontSize);
    const [low, high] = model.get("limits");
    const [steps, epochs] = [model.get("steps"), model.get("epochs")];
    const [left, right] = [MARGIN.left * em, width - MARGIN.right * em];
    const [top, bottom] = [MARGIN.top * em, height - MARGIN.bottom * em];
    const x = (step) => left + ((right - left) * step) / steps;
    const y = (loss) => {
      const share = Math.log(Math.min(Math.max(loss, low), high) / low) / Math.log(high / low);
      return bottom - (bottom - top) * share;
    };
    const line = (name, x1, y1, x2, y2) => `<line class="${name}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
    const text = (at, x, y, said) => `<text text-anchor="${at}" x="${x}" y="${y}">${said}</text>`;
    // A loss that is no number any more leaves a gap.
    const path = (name, which) => {
      let [d, pen] = ["", "M"];
      for (let i = which; i < lines.length; i += 2) {
        if (Number.isFinite(lines[i])) d += `${pen}${x((i >> 1) + 1).toFixed(1)} ${y(lines[i]).toFixed(1)}`;
        pen = Number.isFinite(lines[i]) ? "L" : "M";
      }
      return `<path class="${name}" d="${d}"/>`;
    };

    const parts = [];
    for (let loss = low; loss < 1.01 * high; loss *= 10) {
      const label = Number(loss.toPrecision(1));
      parts.push(line("lenet-grid", left, y(loss), right, y(loss)), text("end", left - 0.4 * em, y(loss) + 0.35 * em, label));
    }
    const every = Math.ceil(epochs / Math.max(1, Math.floor((right - left) / (3 * em))));
    for (let epoch = 0; epoch <= epochs; epoch += every) {
      const at = x((steps * epoch) / epochs);
      parts.push(line("lenet-grid", at, top, at, bottom), text("middle", at, bottom + 1.1 * em, epoch));
    }
    const each = lines.length ? ` (${(steps / epochs).toLocaleString("en")} steps each)` : "";
    parts.push(text("middle", (left + right) / 2, bottom + 2.3 * em, `epochs${each}`));
    parts.push(path("lenet-each", 0), line("lenet-guess", left, y(GUESSING), right, y(GUESSING)));
    parts.push(text("end", right - 0.3 * em, y(GUESSING) - 0.4 * em, "guessing: 2.3"), path("lenet-mean", 1));
    const validation = model.get("validation");
    validation.forEach((loss, i) => {
      const [cx, cy] = [x((steps * (i + 1)) / epochs), y(loss)];
      parts.push(`<rect class="lenet-validation" x="${cx - 0.35 * em}" y="${cy - 0.35 * em}" width="${0.7 * em}" height="${0.7 * em}"/>`);
    });
    svg.innerHTML = parts.join("");

    const taken = lines.length / 2;
    const said = taken ? `After step ${taken} of ${steps} the mean is ${lines.at(-1).toFixed(3)}` : "No step has been taken yet";
    const judged = validation.length ? `, after epoch ${validation.length} the validation loss was ${validation.at(-1).toFixed(3)}` : "";
    svg.setAttribute("aria-label", `The loss of each step of the training. ${said}${judged}.`);
  }

  function add({ first }, [bytes]) {
    const { buffer, byteOffset, byteLength } = bytes;
    const more = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    if (2 * first > lines.length) return model.send({}); // one was missed: once more, all of them
    const before = lines.subarray(0, 2 * first);
    lines = new Float32Array(before.length + more.length);
    lines.set(before);
    lines.set(more, before.length);
    draw();
  }

  const traits = "change:steps change:epochs change:validation";
  model.on("msg:custom", add);
  model.on(traits, draw);
  const resized = new ResizeObserver(draw);
  resized.observe(svg);
  model.send({});
  return () => {
    resized.disconnect();
    model.off("msg:custom", add);
    model.off(traits, draw);
  };
}

export default { render };
