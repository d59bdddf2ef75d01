// A picture with its description. A new one takes the place of the old one only when it can be shown: no flicker.

function render({ model, el }) {
  el.classList.add("lenet-demo");
  el.innerHTML = `<figure class="lenet-picture"><figcaption></figcaption></figure>`;
  const [figure] = el.children;
  const [caption] = figure.children;
  let image = null; // none before it has loaded: given an alt first of all, Chromium may never lay it out
  let newest = 0;

  async function show() {
    const serial = ++newest;
    const bytes = model.get("png");
    let next = null;
    if (bytes?.byteLength) {
      next = new Image();
      next.src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
      await next.decode().catch(() => {});
    }
    const out = serial === newest ? image : next;
    if (out) URL.revokeObjectURL(out.src);
    if (serial !== newest) return;
    image?.remove();
    image = next;
    describe();
    if (image) figure.prepend(image);
  }

  function describe() {
    caption.textContent = model.get("caption");
    if (!image) return;
    image.alt = model.get("alt");
    image.style.width = `${model.get("width")}em`;
    image.className = model.get("pixelated") ? "lenet-framed" : "";
  }

  model.on("change:png", show);
  model.on("change:alt change:caption change:width", describe);
  describe();
  show();
  return () => {
    newest++;
    model.off("change:png", show);
    model.off("change:alt change:caption change:width", describe);
  };
}

export default { render };
