// The pad's hands, without a browser: what pen, palm and a browser that blocks cookies do to the strokes.

import assert from "node:assert/strict";
import { test } from "node:test";

class Element {
  constructor() {
    Object.assign(this, { handlers: {}, dataset: {}, style: {}, kids: {}, classList: { add() {} }, value: "60" });
    Object.assign(this, { width: 500, clientWidth: 500, clientHeight: 500, clientLeft: 0, clientTop: 0 });
  }
  addEventListener(type, handler) {
    this.handlers[type] = handler;
  }
  querySelector(selector) {
    return (this.kids[selector] ??= new Element());
  }
  querySelectorAll() {
    return [];
  }
  getBoundingClientRect() {
    return { left: 0, top: 0 };
  }
  getContext() {
    return new Proxy({}, { get: () => () => {}, set: () => true });
  }
  setAttribute() {}
  append() {}
  add() {}
  focus() {}
  setPointerCapture() {}
}

globalThis.document = { createElement: () => new Element() };
globalThis.Option = class {};
globalThis.window = { devicePixelRatio: 1 };
globalThis.requestAnimationFrame = (work) => work();
globalThis.ResizeObserver = class {
  observe() {}
};

const { default: pad } = await import("../../../lenet_helpers/demos/static/pad.js");
const { LocalModel } = await import("../../../lenet_helpers/demos/static/local_model.js");

function drawingPad({ storage, ...values } = {}) {
  Object.defineProperty(globalThis, "sessionStorage", { get: storage ?? (() => new Map()), configurable: true });
  const model = new LocalModel({ strokes: [], live: [], widths: {}, samples: {}, brush: 60, size: 25, keep: "", ...values });
  const el = new Element();
  pad.render({ model, el });
  const { handlers } = el.querySelector("canvas");
  const event = (x, y, more) => ({ clientX: x, clientY: y, isPrimary: true, button: 0, pointerId: 1, preventDefault() {}, ...more });
  const hand = (more) => ({
    down: (x, y) => handlers.pointerdown(event(x, y, more)),
    move: (x, y) => handlers.pointermove(event(x, y, more)),
    up: (x, y) => handlers.pointerup(event(x, y, more)),
    cancel: (x, y) => handlers.pointercancel(event(x, y, more)),
  });
  return { model, pen: hand({ pointerType: "pen" }), palm: hand({ pointerType: "touch", pointerId: 2 }), hand };
}

test("a palm beside the pen neither adds to the stroke nor ends it", () => {
  const { model, pen, palm } = drawingPad();
  pen.down(100, 100);
  pen.move(110, 110);
  palm.down(450, 480);
  palm.move(455, 482);
  pen.move(120, 120);
  palm.up(455, 482);
  pen.move(130, 130);
  pen.up(130, 130);
  assert.deepEqual(model.get("strokes"), [{ width: 60, points: [200, 200, 220, 220, 240, 240, 260, 260] }]);
});

test("a pen that comes after the palm takes its place", () => {
  const { model, pen, palm } = drawingPad();
  palm.down(450, 480);
  palm.move(400, 480);
  pen.down(100, 100);
  palm.move(300, 480);
  palm.cancel(300, 480);
  pen.move(100, 150);
  pen.up(100, 150);
  assert.deepEqual(model.get("strokes"), [{ width: 60, points: [200, 200, 200, 300] }]);
});

test("a second finger does not draw, and the first goes on", () => {
  const { model, hand } = drawingPad();
  const [first, second] = [hand({ pointerType: "touch" }), hand({ pointerType: "touch", pointerId: 2, isPrimary: false })];
  first.down(100, 100);
  second.down(400, 400);
  second.up(400, 400);
  first.move(100, 200);
  first.up(100, 200);
  assert.deepEqual(model.get("strokes").map(({ points }) => points), [[200, 200, 200, 400]]);
});

test("a browser that blocks cookies does not stop the ink", () => {
  const storage = () => {
    throw new Error("SecurityError: Access is denied for this document");
  };
  const { model, pen } = drawingPad({ storage, keep: "lenet-pad" });
  pen.down(100, 100);
  pen.move(150, 150);
  pen.up(150, 150);
  assert.deepEqual(model.get("strokes").map(({ points }) => points), [[200, 200, 300, 300]]);
});

test("what the tab remembers is drawn again", () => {
  const kept = [{ width: 60, points: [1, 2, 3, 4] }];
  const storage = () => ({ getItem: (name) => (name === "lenet-pad" ? JSON.stringify(kept) : null), setItem() {} });
  assert.deepEqual(drawingPad({ storage, keep: "lenet-pad" }).model.get("strokes"), kept);
});
