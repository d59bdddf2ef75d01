// A picture with its description. A new one takes the place of the old one only when it can be shown: no flicker.

function render({ model, el }) {
  el.classList.add("lenet-demo");
  el.innerHTML = `<figure class="lenet-picture"><img><figcaption></figcaption></figure>`;
  const [image, caption] = el.firstElementChild.children;
  let newest = 0;

  async function show() {
    const serial = ++newest;
    const bytes = model.get("png");
    if (!bytes?.byteLength) return;
    const address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    const next = new Image();
    next.src = address;
    await next.decode().catch(() => {});
    if (serial === newest) {
      const before = image.src;
      image.src = address;
      image.dataset.serial = serial;
      if (before) URL.revokeObjectURL(before);
    } else URL.revokeObjectURL(address);
  }

  function describe() {
    image.alt = model.get("alt");
    caption.textContent = model.get("caption");
    image.style.width = `${model.get("width")}em`;
    image.className = model.get("pixelated") ? "lenet-framed" : "";
    image.style.imageRendering = model.get("pixelated") ? "pixelated" : "auto";
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
