// Digits in places that stay. One that is read rightly leaves; of the others, the corner says what they are taken for.
// Pointing at a place, or the arrow keys, shows its digit and says how it is read.

const SIDE = 28;
const CELL = 2 * SIDE; // pixels of the canvas

function render({ model, el }) {
  el.classList.add("lenet-demo");
  el.innerHTML = `
    <figure class="lenet-watched">
      <figcaption></figcaption>
      <canvas tabindex="0" role="img"></canvas>
      <p aria-live="polite"></p>
    </figure>`;
  const [caption, canvas, about] = el.firstElementChild.children;
  canvas.dataset.lmSuppressShortcuts = "true";
  const labels = model.get("labels");
  const columns = model.get("columns");
  const pen = canvas.getContext("2d");
  canvas.width = columns * CELL;
  canvas.height = Math.ceil(labels.length / columns) * CELL;
  let chosen = -1;

  const digits = labels.map((_, number) => {
    const image = new ImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE * SIDE; i++) {
      image.data.fill(255 - model.get("pixels").getUint8(number * SIDE * SIDE + i), 4 * i, 4 * i + 3); // dark ink
      image.data[4 * i + 3] = 255;
    }
    const digit = document.createElement("canvas");
    digit.width = digit.height = SIDE;
    digit.getContext("2d").putImageData(image, 0, 0);
    return digit;
  });

  const answer = (number) => {
    const answers = model.get("answers");
    return answers?.byteLength ? answers.getUint8(number) : null;
  };

  function draw() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingEnabled = false;
    pen.font = `bold ${0.4 * CELL}px system-ui, sans-serif`;
    pen.textAlign = "right";
    pen.fillStyle = "#A63A00";
    let wrong = 0;
    labels.forEach((label, number) => {
      const said = answer(number);
      const [x, y] = [(number % columns) * CELL, Math.floor(number / columns) * CELL];
      if (said !== label || number === chosen) pen.drawImage(digits[number], x, y, CELL, CELL);
      if (said === null || said === label) return;
      wrong += 1;
      pen.fillText(said, x + CELL - 2, y + CELL - 4);
    });
    if (chosen >= 0) {
      pen.strokeStyle = "#0072B2";
      pen.lineWidth = 6;
      pen.strokeRect((chosen % columns) * CELL + 3, Math.floor(chosen / columns) * CELL + 3, CELL - 6, CELL - 6);
    }
    const count = `${wrong} of ${labels.length}`;
    caption.innerHTML =
      answer(0) === null
        ? `${labels.length} validation digits. Each leaves when it is learnt.`
        : `<strong>✗ ${count}</strong> validation digits are misread: the corner says as what.`;
    canvas.dataset.wrong = answer(0) === null ? "" : wrong;
    canvas.setAttribute(
      "aria-label",
      `${answer(0) === null ? "Nothing is read yet" : `${count} digits are read wrongly`}. Point at a digit, or use the arrow keys.`
    );
    say();
  }

  function say() {
    const said = chosen < 0 ? null : answer(chosen);
    const read = said === null ? "" : said === labels[chosen] ? ": it is read rightly" : `: it is read as ${said}`;
    const text = chosen < 0 ? "" : `${said !== null && said !== labels[chosen] ? "✗ " : ""}This is a ${labels[chosen]}${read}.`;
    if (about.textContent !== text) about.textContent = text; // told again only when it is new
  }

  function choose(number) {
    if (number === chosen || number < 0 || number >= labels.length) return;
    chosen = number;
    draw();
  }

  function point(event) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left - canvas.clientLeft) / canvas.clientWidth) * columns);
    const row = Math.floor(((event.clientY - box.top - canvas.clientTop) / canvas.clientHeight) * (canvas.height / CELL));
    if (column >= 0 && column < columns) choose(row * columns + column);
  }

  function key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(chosen < 0 ? 0 : chosen + step);
  }

  canvas.addEventListener("pointerdown", point);
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("keydown", key);
  model.on("change:answers", draw);
  draw();
  return () => model.off("change:answers", draw);
}

export default { render };
