// A slider with its label and its value: the browser's own, so that keys, touch and screen readers work.

function render({ model, el }) {
  el.classList.add("lenet-demo");
  // Every slider is a module of its own, so a counter would give all of them the same number.
  const id = `lenet-slider-${Math.random().toString(36).slice(2)}`;
  el.innerHTML = `<div class="lenet-slider"><label for="${id}"></label><input type="range" id="${id}"><output for="${id}"></output></div>`;
  const [label, input, output] = el.firstElementChild.children;
  input.dataset.lmSuppressShortcuts = "true";

  function show() {
    label.textContent = model.get("label");
    for (const name of ["min", "max", "step"]) input[name] = model.get(name);
    input.disabled = model.get("disabled");
    input.value = model.get("value");
    const digits = model.get("digits");
    const value = Number(input.value);
    const text = model.get("percent") ? `${(100 * value).toFixed(digits)} %` : value.toFixed(digits) + model.get("unit");
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
  }

  input.addEventListener("input", () => {
    model.set("value", Number(input.value));
    model.save_changes();
  });
  const names = ["label", "min", "max", "step", "disabled", "value"].map((name) => `change:${name}`).join(" ");
  model.on(names, show);
  show();
  return () => model.off(names, show);
}

export default { render };
