// A button that takes a picture: a file or, on a phone or tablet, the camera.

function render({ model, el }) {
  el.classList.add("lenet-demo", "lenet-upload");
  el.innerHTML = `<button type="button">Upload a picture</button><input type="file" accept="image/*" hidden>`;
  const [button, input] = el.children;
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    const content = new DataView(await file.arrayBuffer());
    input.value = ""; // so that the same file can be chosen again
    model.set("value", [{ name: file.name, content, at: Date.now() }]);
    model.save_changes();
  });
}

export default { render };
