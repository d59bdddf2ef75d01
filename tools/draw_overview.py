"""Draw ``docs/overview.png``, the picture of the README: digits, the network, what it gets wrong.

python tools/draw_overview.py [FILE]
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from lenet_helpers import COURSE, evaluate, load_mnist, load_model, most_confident_mistakes, plots, to_input, trace

SHOWN = {  # layer -> what the picture says under it
    "conv1": "convolution",
    "pool1": "pooling",
    "conv2": "convolution",
    "pool2": "pooling",
    "average": "average",
    "fc1": "linear",
    "fc2": "linear",
    "fc3": "linear",
}


def main():
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else COURSE / "docs" / "overview.png"
    mnist, model = load_mnist(), load_model(COURSE / "model.pth")
    result = evaluate(model, mnist.test)

    figure = plt.figure(figsize=(10, 6.4), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[1.05, 2.0, 1.5])
    top.suptitle("What goes in: handwritten digits, 28×28 pixels", fontsize=12)
    firsts = [int(np.flatnonzero(mnist.test.labels == digit)[0]) for digit in range(10)]
    plots.digits(top.subplots(1, 10), mnist.test.pixels[firsts])

    middle.suptitle("The network: 15,626 parameters", fontsize=12)
    draw_network(middle.subplots(), trace(model, to_input(mnist.test.pixels[firsts[5]])))

    mistakes = most_confident_mistakes(result, 8)
    bottom.suptitle(
        f"What it gets wrong: {result.error:.2%} of {len(mnist.test):,} test images; of these it was surest",
        fontsize=12,
    )
    axes = bottom.subplots(1, 8)
    captions = [f"{m.label}, read as {m.prediction}\n({m.confidence:.0%} sure)" for m in mistakes]
    plots.digits(axes, mnist.test.pixels[[m.index for m in mistakes]], captions)
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, dpi=110, metadata={"Software": None})
    print(target)


def draw_network(ax, rows):
    """Draw each layer's output: feature maps as overlapping pictures, vectors as columns."""
    x = 0.0
    for row in [row for row in rows if row.name in SHOWN]:
        channels, *side = row.output_shape[1:]
        if side and side[0] > 1:
            size, step = side[0] / 10, 0.09
            low, high = float(row.output.min()), float(row.output.max())
            for i in range(channels):
                left, floor = x + i * step, i * step - size / 2
                picture = row.output[0, i]
                extent = (left, left + size, floor, floor + size)
                ax.imshow(picture, cmap="cividis", vmin=low, vmax=high, extent=extent, zorder=-i)
                ax.add_patch(Rectangle((left, floor), size, size, fill=False, ec="white", lw=0.5, zorder=-i))
            width = size + channels * step
            shape = f"{channels} × {side[0]} × {side[0]}"
        else:
            height, width = 0.25 + channels / 40, 0.35
            values = row.output.reshape(-1, 1)
            ax.imshow(values, cmap="cividis", extent=(x, x + width, -height / 2, height / 2), aspect="auto")
            shape = str(channels)
        ax.text(x + width / 2, -2.1, f"{SHOWN[row.name]}\n{shape}", ha="center", va="top", fontsize=8.5)
        x += width + 0.75
    ax.set_xlim(-0.3, x - 0.4)
    ax.set_ylim(-2.9, 2.3)
    ax.set_aspect("equal")
    ax.set_axis_off()


if __name__ == "__main__":
    main()
