// A tablet of the class: asks for a digit, reads it at once, and sends it. What is not acknowledged stays here, also
// when the page is loaded again.

import pad from "./pad.js";
import reading from "./reading.js";
import { Classifier } from "./classifier.js";
import { LocalModel } from "./local_model.js";
import { Outbox } from "./outbox.js";

const PATIENCE_MS = 800; // so long it waits to hear which digit comes next; without a network it chooses itself
const KEPT = `lenet-class${location.pathname}`; // each class has an address of its own

const element = (id) => document.getElementById(`lenet-${id}`);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// A browser that blocks cookies refuses this as well: then all lasts as long as the page.
function memory(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}

async function ask(path, content) {
  try {
    const how = content && { method: "POST", body: JSON.stringify(content) };
    const answer = await fetch(path, { ...how, signal: AbortSignal.timeout(20000) });
    return { status: answer.status, body: await answer.json() };
  } catch {
    return { status: 0, body: { error: "no connection" } };
  }
}

const fresh = { writer: null, key: null, number: 0, label: null, sent: 0, waiting: [] };
const me = { ...fresh, ...memory((storage) => JSON.parse(storage.getItem(KEPT))) };
const keep = (changes) => {
  Object.assign(me, changes);
  memory((storage) => storage.setItem(KEPT, JSON.stringify(me)));
};

const outbox = new Outbox({
  waiting: me.waiting,
  send: (digit) => ask("digit", digit),
  keep: (waiting) => keep({ waiting }),
  tell: heard,
  pause,
});

let classifier = null;
let drawing = null;
const answer = new LocalModel({ reading: { message: "Draw the digit" } });
reading.render({ model: answer, el: element("reading") });

function heard({ digit, status, body }) {
  if (status === 200 && digit.writer === me.writer) {
    keep({ sent: me.sent + 1 });
    if (digit.number === me.number - 1) askFor(body.next);
  }
  if (status === 410 && digit.writer === me.writer) startAgain(); // removed in another tab
  show(status === 200 ? "" : body.error);
}

function show(problem) {
  const waiting = outbox.waiting.length;
  const sent = me.sent ? `✓ ${me.sent} sent. ` : "";
  const kept = waiting && problem ? `${waiting} wait${waiting > 1 ? "" : "s"} here (${problem}). ` : problem;
  element("sent").textContent = sent + (kept ?? "");
  element("writer").textContent = me.writer === null ? "" : `You are writer ${String(me.writer).padStart(8, "0")}.`;
  element("remove").disabled = me.writer === null;
}

// Show which digit to write, unless somebody is already writing.
function askFor(label) {
  if (me.label !== null && drawing?.get("strokes").length) return;
  keep({ label });
  element("asked").innerHTML = `Please write ${label === 8 ? "an" : "a"} <b>${Number(label)}</b>`;
}

function read() {
  const strokes = [...drawing.get("strokes"), ...drawing.get("live")];
  element("send").disabled = !drawing.get("strokes").length || me.label === null;
  const found = strokes.length && classifier?.read(strokes);
  const serial = drawing.get("live").length ? null : drawing.get("strokes").length;
  answer.set("reading", { ...(found || { message: strokes.length ? "" : "Draw the digit" }), serial });
}

async function send() {
  const { writer, key, number, label } = me;
  const strokes = drawing.get("strokes");
  if (!strokes.length || label === null) return;
  keep({ number: number + 1, label: null });
  drawing.set("strokes", []);
  outbox.add({ writer, key, number, label, strokes });
  element("asked").textContent = "Thank you …";
  await pause(PATIENCE_MS);
  if (me.label === null) askFor((label + 1 + Math.floor(9 * Math.random())) % 10);
}

async function remove() {
  if (!confirm("Remove all digits that you have written?")) return;
  const { writer, key } = me;
  outbox.clear(); // nothing follows what is removed
  const { status, body } = await ask("remove", { writer, key });
  if (status !== 200) return show(`not removed (${body.error}): try again`);
  await startAgain();
  show("Removed: none of yours is left. You have a new number.");
}

async function startAgain() {
  keep(fresh);
  drawing.set("strokes", []);
  await begin();
}

async function begin() {
  for (let tries = 0; me.writer === null; tries++) {
    const { status, body } = await ask("writer", {});
    if (status === 200) keep({ writer: body.writer, key: body.key, label: body.next });
    else {
      show(body.error);
      await pause(Math.min(500 * 2 ** tries, 8000));
    }
  }
  askFor(me.label ?? Math.floor(10 * Math.random()));
  show("");
}

async function learnToRead() {
  let about = await ask("network");
  for (; about.status !== 200; about = await ask("network")) await pause(2000);
  classifier = new Classifier(about.body);
  if (drawing) read();
  return about.body;
}

// The pad waits for the network's widths of brushes, and no longer than it must.
const { widths, brush } = (await learnToRead()).pad;
drawing = new LocalModel({ strokes: [], live: [], widths, brush, samples: {}, size: 22, keep: `${KEPT}pad` });
drawing.on("change:strokes change:live", read);
pad.render({ model: drawing, el: element("pad") });
element("send").addEventListener("click", send);
element("remove").addEventListener("click", remove);
addEventListener("online", () => outbox.run());
await begin();
read();
outbox.run();
