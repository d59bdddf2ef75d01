// What the network reads: the digit, how sure it is, the 28×28 pixels that it saw, ten bars.

function render({ model, el }) {
  el.classList.add("lenet-demo");
  el.innerHTML = `
    <div class="lenet-reading">
      <div class="lenet-answer" aria-live="polite"><strong></strong> <span></span></div>
      <p class="lenet-warning" role="status"></p>
      <div class="lenet-seen">
        <figure><canvas width="28" height="28" role="img"></canvas><figcaption>What the network sees</figcaption></figure>
        <div class="lenet-bars" role="group" aria-label="Probability of each digit"></div>
      </div>
    </div>`;
  const [root] = el.children;
  const answer = el.querySelector("strong");
  const sure = el.querySelector(".lenet-answer span");
  const warning = el.querySelector(".lenet-warning");
  const canvas = el.querySelector("canvas");
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const row = document.createElement("div");
    row.className = "lenet-bar";
    row.innerHTML = `<span>${digit}</span><div role="meter" aria-label="Probability of ${digit}" aria-valuemin="0"
      aria-valuemax="100"><div></div></div><span></span>`;
    el.querySelector(".lenet-bars").append(row);
    return row;
  });

  const percent = (share) => (share > 0.999 && share < 1 ? ">99.9 %" : `${(100 * share).toFixed(1)} %`);

  function show() {
    const { digit, probabilities, pixels, warning: doubt, message, truth, serial } = model.get("reading");
    const known = digit !== undefined && digit !== null;
    answer.textContent = known ? `It reads ${digit}` : message ?? "";
    sure.textContent = known ? `${percent(probabilities[digit])} sure` : "";
    warning.textContent = doubt ? `⚠ ${doubt}` : "";
    rows.forEach((row, each) => {
      const share = known ? probabilities[each] : 0;
      const [, meter, text] = row.children;
      row.classList.toggle("lenet-top", known && each === digit);
      row.classList.toggle("lenet-truth", each === truth);
      meter.setAttribute("aria-valuenow", (100 * share).toFixed(1));
      meter.setAttribute("aria-valuetext", percent(share) + (each === truth ? ", what it is" : ""));
      meter.firstElementChild.style.width = `${100 * share}%`;
      text.textContent = known ? percent(share) + (each === truth ? " ◂ label" : "") : "";
    });
    canvas.setAttribute("aria-label", known ? "The 28 by 28 pixels that the network sees" : "Nothing to see yet");
    const picture = canvas.getContext("2d");
    picture.fillStyle = "#fff";
    picture.fillRect(0, 0, 28, 28);
    if (pixels) {
      const image = picture.createImageData(28, 28);
      for (let i = 0; i < 784; i++) {
        image.data.fill(255 - pixels.getUint8(i), 4 * i, 4 * i + 3); // dark ink on light paper
        image.data[4 * i + 3] = 255;
      }
      picture.putImageData(image, 0, 0);
    }
    root.dataset.digit = known ? digit : "";
    root.dataset.serial = serial ?? "";
  }

  model.on("change:reading", show);
  show();
  return () => model.off("change:reading", show);
}

export default { render };
