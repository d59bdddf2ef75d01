// A sentence of the kernel, read out when it changes.

function render({ model, el }) {
  el.classList.add("lenet-demo", "lenet-text");
  el.setAttribute("aria-live", "polite");
  const show = () => {
    el.innerHTML = model.get("html");
  };
  model.on("change:html", show);
  show();
  return () => model.off("change:html", show);
}

export default { render };
