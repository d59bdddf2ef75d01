// The drawing pad. The list of strokes is the state: it lives in the kernel, so a page that
// is loaded again draws it again. Ink is drawn here, at once, whether the kernel is busy or not.

const PAD = 1000; // the pad's height, in units of strokes
const NEAR = 4; // points nearer than this to the one before tell nothing new
const LIVE_MS = 100; // how often an unfinished stroke is read

function render({ model, el }) {
  el.classList.add("lenet-demo");
  el.innerHTML = `
    <div class="lenet-pad" role="group" aria-label="Drawing pad">
      <canvas tabindex="0" role="img"></canvas>
      <div class="lenet-row">
        <button type="button" data-do="undo" title="Ctrl+Z">Undo</button>
        <button type="button" data-do="clear" title="Delete">Clear</button>
        <label>Brush <select></select></label>
        <button type="button" data-do="png">Save as PNG</button>
      </div>
      <div class="lenet-row" role="group" aria-label="Sample digits">
        <span>Samples</span><span class="lenet-samples"></span>
      </div>
    </div>`;
  const pad = el.querySelector(".lenet-pad");
  const canvas = el.querySelector("canvas");
  const brush = el.querySelector("select");
  const pen = canvas.getContext("2d");
  const keep = model.get("keep");
  const wide = model.get("wide") ?? 1; // a sheet for a number is so many times as wide as it is high
  canvas.style.width = `${model.get("size")}em`;
  canvas.style.aspectRatio = wide;
  pad.style.width = `max(27em, ${model.get("size")}em)`;
  for (const [name, width] of Object.entries(model.get("widths"))) brush.add(new Option(name, width));
  for (const digit of Object.keys(model.get("samples"))) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = digit;
    button.dataset.sample = digit;
    button.setAttribute("aria-label", `Sample digit ${digit}`);
    el.querySelector(".lenet-samples").append(button);
  }
  // JupyterLab's one-letter shortcuts would act on the notebook (d, d: delete the cell) while somebody
  // draws. It looks for this mark on the element in focus first of all, so each needs its own.
  for (const each of pad.querySelectorAll("canvas, button, select")) each.dataset.lmSuppressShortcuts = "true";

  let strokes = model.get("strokes");
  let stroke = null; // the one being drawn ...
  let pointer = null; // ... and by which pointer: a palm beside the pen is another
  let liveAt = 0;

  function drawLine(line, from = 0) {
    const { points, width } = line;
    const scale = canvas.height / PAD;
    pen.lineWidth = width * scale;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#000";
    pen.beginPath();
    pen.moveTo(points[from] * scale, points[from + 1] * scale);
    for (let i = from; i < points.length; i += 2) pen.lineTo(points[i] * scale, points[i + 1] * scale);
    pen.stroke();
  }

  function draw() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    for (const line of stroke?.points.length ? [...strokes, stroke] : strokes) drawLine(line);
    const count = strokes.length;
    canvas.dataset.strokes = count;
    canvas.setAttribute(
      "aria-label",
      `Drawing area, ${count ? count + (count > 1 ? " strokes" : " stroke") : "empty"}. Draw ${wide > 1 ? "a number" : "one digit"} with mouse, ` +
        "finger or pen. Delete clears it. Without a pointer, use the sample digits below."
    );
  }

  function change(list) {
    show(list);
    model.set("live", []);
    model.set("strokes", list);
    model.save_changes();
  }

  // A browser that blocks cookies refuses this as well: then what is drawn lasts as long as the page.
  function memory(use) {
    try {
      return keep && use(sessionStorage);
    } catch {
      return null;
    }
  }

  function remember() {
    memory((storage) => storage.setItem(keep, JSON.stringify(strokes)));
  }

  function add(event) {
    const box = canvas.getBoundingClientRect();
    const { points } = stroke;
    const from = Math.max(0, points.length - 2);
    for (const at of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      const x = Math.round(((at.clientX - box.left - canvas.clientLeft) / canvas.clientWidth) * PAD * wide);
      const y = Math.round(((at.clientY - box.top - canvas.clientTop) / canvas.clientHeight) * PAD);
      const last = points.length - 2;
      if (last < 0 || Math.hypot(x - points[last], y - points[last + 1]) >= NEAR) points.push(x, y);
    }
    drawLine(stroke, from);
  }

  function down(event) {
    const penOverPalm = event.pointerType === "pen" && pointer?.type === "touch";
    if ((stroke && !penOverPalm) || !event.isPrimary || event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pointer = { id: event.pointerId, type: event.pointerType };
    stroke = { width: Number(brush.value), points: [] };
    liveAt = performance.now();
    draw(); // takes away what a palm has drawn
    add(event);
  }

  function move(event) {
    if (event.pointerId !== pointer?.id) return;
    event.preventDefault();
    add(event);
    if (performance.now() - liveAt > LIVE_MS) {
      liveAt = performance.now();
      model.set("live", [{ width: stroke.width, points: [...stroke.points] }]);
      model.save_changes();
    }
  }

  function up(event) {
    if (event.pointerId !== pointer?.id) return;
    const finished = stroke;
    stroke = pointer = null;
    change([...strokes, finished]);
  }

  const actions = {
    undo: () => change(strokes.slice(0, -1)),
    clear: () => change([]),
    png: () => model.send({ png: true }),
  };

  function click(event) {
    const { do: action, sample } = event.target.dataset;
    if (action) actions[action]();
    if (sample) change(model.get("samples")[sample].map((line) => ({ ...line, width: Number(brush.value) })));
  }

  function key(event) {
    if (event.target === brush) return;
    if (event.key === "Delete" || event.key === "Backspace") actions.clear();
    else if ((event.ctrlKey || event.metaKey) && event.key === "z") actions.undo();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function message(content, buffers) {
    if (!content.png) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]], { type: "image/png" }));
    link.download = content.png;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function show(list) {
    if (list === strokes) return;
    strokes = list;
    draw();
    requestAnimationFrame(() => setTimeout(remember)); // it takes the browser long: the answer is painted first
  }

  const showNew = () => show(model.get("strokes"));

  function chooseBrush() {
    model.set("brush", Number(brush.value));
    model.save_changes();
  }

  function showBrush() {
    brush.value = model.get("brush");
  }

  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  // Older browsers of tablets scroll in spite of touch-action.
  canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  pad.addEventListener("click", click);
  pad.addEventListener("keydown", key);
  brush.addEventListener("change", chooseBrush);
  model.on("change:strokes", showNew);
  model.on("change:brush", showBrush);
  model.on("msg:custom", message);

  const resized = new ResizeObserver(() => {
    const side = Math.round(canvas.clientWidth * window.devicePixelRatio);
    if (!side || side === canvas.width) return;
    canvas.width = side;
    canvas.height = Math.round(side / wide);
    draw();
  });
  resized.observe(canvas);
  showBrush();
  draw();
  // Where the kernel ends with the page, the page itself remembers what was drawn on it.
  const kept = memory((storage) => JSON.parse(storage.getItem(keep)));
  if (kept?.length && !strokes.length) change(kept);

  return () => {
    resized.disconnect();
    model.off("change:strokes", showNew);
    model.off("change:brush", showBrush);
    model.off("msg:custom", message);
  };
}

export default { render };
