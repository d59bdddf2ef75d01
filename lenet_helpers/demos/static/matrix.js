// A table of counts in which one cell can be chosen: by a click, or with the arrow keys.

function render({ model, el }) {
  el.classList.add("lenet-demo");
  const { counts, colours, light } = model.get("table");
  const heads = counts.map((_, i) => `<th scope="col">${i}</th>`).join("");
  const cell = (n, i, j) =>
    `<td style="background:${colours[i][j]}"><button type="button" data-lm-suppress-shortcuts="true" data-at="${i},${j}" tabindex="-1"
      style="color:${light[i][j] ? "#fff" : "#000"}" aria-pressed="false"
      aria-label="${n} of class ${i} read as ${j}">${n || ""}</button></td>`;
  el.innerHTML = `<div class="lenet-matrix"><table><caption>Rows: what it is. Columns: what it was read as.</caption>
    <thead><tr><th scope="col">is</th>${heads}</tr></thead><tbody>${counts
      .map((row, i) => `<tr><th scope="row">${i}</th>${row.map((n, j) => cell(n, i, j)).join("")}</tr>`)
      .join("")}</tbody></table></div>`;
  const [table] = el.firstElementChild.children;
  const button = (i, j) => table.querySelector(`[data-at="${i},${j}"]`);

  function show(focus = false) {
    for (const each of table.querySelectorAll("button")) {
      each.tabIndex = -1;
      each.setAttribute("aria-pressed", "false");
    }
    const chosen = button(...model.get("chosen"));
    chosen.tabIndex = 0;
    chosen.setAttribute("aria-pressed", "true");
    if (focus === true) chosen.focus();
  }

  function choose(i, j, focus) {
    model.set("chosen", [i, j]);
    model.save_changes();
    show(focus);
  }

  table.addEventListener("click", (event) => {
    const at = event.target.dataset.at;
    if (at) choose(...at.split(",").map(Number), true);
  });
  table.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [i, j] = model.get("chosen").map((at, axis) => Math.min(counts.length - 1, Math.max(0, at + step[axis])));
    choose(i, j, true);
  });
  const changed = () => show();
  model.on("change:chosen", changed);
  show();
  return () => model.off("change:chosen", changed);
}

export default { render };
