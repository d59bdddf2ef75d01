// The class's board: the digits as they come in, what the network reads in them, and how often it is right.

const MOST = 300; // digits on the page; the server keeps all

const element = (id) => document.getElementById(`lenet-${id}`);
const digits = element("digits");
const mistakes = element("mistakes");
const dialog = element("explained");
let paused = false;
let held = []; // what came while paused
let opened = null; // the digit whose strip is shown

const percent = (share, places = 1) => `${(100 * share).toFixed(places)} %`;

function tile({ id, at, label, read, confidence }) {
  const right = label === read;
  const button = document.createElement("button");
  const picture = document.createElement("img");
  const said = right ? `✓ ${label}` : `✗ ${label} → ${read ?? "?"}`;
  button.type = "button";
  button.dataset.id = id;
  button.dataset.at = at;
  button.classList.toggle("lenet-wrong", !right);
  button.title = `${percent(confidence)} sure`;
  button.setAttribute("aria-label", `Asked for ${label}, read as ${read ?? "nothing"}, ${right ? "right" : "wrong"}`);
  picture.src = `digits/${id}`;
  picture.alt = "";
  button.append(picture, said);
  return button;
}

const tilesOf = (id) => document.querySelectorAll(`[data-id="${id}"]`);

// The latest stands first. After a restart, the server reads earlier ones as well: they have their places behind it.
function put(list, digit) {
  const after = [...list.children].find((each) => Number(each.dataset.at) < digit.at);
  if (!after && list.children.length >= MOST) return;
  list.insertBefore(tile(digit), after ?? null);
  if (list.children.length > MOST) list.lastChild.remove();
}

function show({ fresh, address, digits: news, gone, summary }) {
  if (fresh) {
    digits.replaceChildren();
    mistakes.replaceChildren();
    element("address").textContent = address;
  }
  for (const digit of news) {
    put(digits, digit);
    if (digit.label !== digit.read) put(mistakes, digit);
  }
  for (const id of gone) for (const each of tilesOf(id)) each.remove();
  if (gone.includes(opened)) dialog.close();
  count(summary);
}

function count({ count, writers, accuracy, error, unread, matrix }) {
  element("accuracy").textContent = count ? `${percent(accuracy)} ± ${percent(error)}` : "No digit yet";
  element("count").textContent =
    (count ? `read right (± standard error), of ${count} digits by ${writers} ${writers === 1 ? "writer" : "writers"}` : "") +
    (unread ? `, ${unread} to be read` : "");
  const most = Math.max(1, ...matrix.flatMap((row, i) => row.filter((_, j) => j !== i)));
  const largest = Math.max(1, ...matrix.flat());
  matrix.forEach((row, i) =>
    row.forEach((number, j) => {
      const cell = cells[i][j];
      const share = number / (i === j ? largest : most);
      const colour = i === j ? "0, 114, 178" : "213, 94, 0";
      cell.textContent = number || "";
      cell.style.background = number ? `rgba(${colour}, ${0.25 + 0.55 * share})` : "";
      cell.setAttribute("aria-label", `${number} of class ${i} read as ${j}`);
    })
  );
}

function emptyTable() {
  const table = element("matrix");
  const row = (name, cells) => {
    const line = table.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    line.append(head, ...cells);
    return cells;
  };
  const heads = row("", Array.from({ length: 10 }, () => document.createElement("th")));
  heads.forEach((head, digit) => Object.assign(head, { scope: "col", textContent: digit }));
  return heads.map((_, digit) => row(digit, Array.from({ length: 10 }, () => document.createElement("td"))));
}

async function explain({ target }) {
  const button = target.closest("[data-id]");
  if (!button) return;
  opened = button.dataset.id;
  element("title").textContent = button.getAttribute("aria-label");
  element("steps").replaceChildren("One moment …");
  dialog.showModal();
  const asked = opened;
  const answer = await fetch(`explain/${asked}`).catch(() => null);
  if (asked !== opened) return;
  const steps = answer?.ok ? (await answer.json()).steps : [];
  element("steps").replaceChildren(
    ...(steps.length ? steps.map(step) : ["There is nothing to be explained: the picture is gone or blank."])
  );
}

function step({ name, sentence, picture }) {
  const item = document.createElement("li");
  const [image, title, text] = ["img", "b", "span"].map((tag) => document.createElement(tag));
  image.src = picture;
  image.alt = "";
  title.textContent = name;
  text.textContent = sentence;
  item.append(image, title, text);
  return item;
}

async function hide() {
  const answer = await fetch(`hide/${opened}`, { method: "POST", body: "{}" }).catch(() => null);
  if (answer?.ok || answer?.status === 404) {
    for (const each of tilesOf(opened)) each.remove();
    dialog.close();
  }
}

function pause() {
  paused = !paused;
  if (!paused) for (const news of held.splice(0)) show(news);
  showPause();
}

function showPause() {
  const waiting = held.reduce((sum, news) => sum + news.digits.length, 0);
  element("pause").textContent = paused ? `Go on${waiting ? ` (${waiting} new)` : ""}` : "Pause";
}

const cells = emptyTable();
document.addEventListener("click", explain);
element("close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => (opened = null));
element("hide").addEventListener("click", hide);
element("pause").addEventListener("click", pause);
element("full").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
});

const events = new EventSource("events"); // which connects again by itself
events.onmessage = ({ data }) => {
  const news = JSON.parse(data);
  if (paused && news.fresh) held = [];
  if (paused) held.push(news);
  else show(news);
  showPause();
};
events.onopen = () => (element("connected").textContent = "");
events.onerror = () => (element("connected").textContent = "No connection to the server. Trying again …");
