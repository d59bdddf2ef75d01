"""Figures: each function takes finished numbers and an `ax`, and returns the `ax`.

Nothing is computed here, so a figure can't disagree with the numbers beside it.
Colours are those of Okabe and Ito, which colour-blind readers can tell apart, always
with a second cue (a marker, a line style, a number); maps are drawn in cividis.
"""

import matplotlib as mpl
import numpy as np

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#5F5F5F",
)  # fmt: skip
"""The Okabe-Ito palette (2008), with a dark grey for lines that only guide the eye."""

INK = mpl.colormaps["gray_r"]
"""Pixels as ink on paper: 0 is white, 255 is black."""


def digit(ax, pixels, title=""):
    """Show one image of shape (28, 28), dark ink on light paper.

    Parameters
    ----------
    ax : matplotlib Axes
    pixels : array, shape (H, W), 0..255
    title : str
    """
    ax.imshow(pixels, cmap=INK, vmin=0, vmax=255, interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
    return ax


def digits(axes, pixels, titles=()):
    """Show several images, one on each of `axes`; what is left over stays empty.

    Parameters
    ----------
    axes : array of matplotlib Axes
    pixels : array of uint8, shape (N, 28, 28)
    titles : sequence of str
        One for each image, or none at all.
    """
    for ax in np.ravel(axes):
        ax.set_axis_off()
    for i, (ax, picture) in enumerate(zip(np.ravel(axes), pixels, strict=False)):
        digit(ax, picture, titles[i] if len(titles) else "")
    return axes


def pixel_numbers(ax, pixels):
    """Show a small image with each value written into its pixel.

    Parameters
    ----------
    ax : matplotlib Axes
    pixels : array of uint8, shape (H, W)
        At most about 14 × 14, or the numbers become too small to read.
    """
    ax.imshow(pixels, cmap=INK, vmin=0, vmax=255)
    for (row, column), value in np.ndenumerate(pixels):
        colour = "white" if value > 127 else "black"
        ax.text(column, row, value, ha="center", va="center", fontsize=7, color=colour)
    ax.set_axis_off()
    return ax


def feature_map(ax, values, title="", limit=None):
    """Show one feature map or kernel in cividis, the same colour for the same value.

    Parameters
    ----------
    ax : matplotlib Axes
    values : array or Tensor of float, shape (H, W)
    title : str
    limit : (float, float), optional
        Values of the darkest and the brightest colour; the map's own when not given.
    """
    low, high = limit or (None, None)
    ax.imshow(np.asarray(values), cmap="cividis", vmin=low, vmax=high, interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
    return ax


def class_counts(ax, counts, label=None):
    """Show how many images each class has, as bars.

    Parameters
    ----------
    ax : matplotlib Axes
    counts : array of int, shape (10,)
    label : str, optional
    """
    ax.bar(range(len(counts)), counts, color=BLUE, label=label)
    ax.set_xticks(range(len(counts)))
    ax.set_xlabel("class")
    ax.set_ylabel("images")
    return ax


def curves(ax, epochs, values_by_name, ylabel, percent=False):
    """Show one line for each named series over the epochs.

    Parameters
    ----------
    ax : matplotlib Axes
    epochs : sequence of int
    values_by_name : dict of str to sequence of float
    ylabel : str
    percent : bool
        Write the axis' fractions as percentages.
    """
    styles = zip((BLUE, RED, GREEN, PURPLE), ("o-", "s--", "^:", "d-."), strict=True)
    for (name, values), (colour, style) in zip(values_by_name.items(), styles, strict=False):
        ax.plot(epochs, values, style, color=colour, label=name, markersize=4)
    ax.set_xlabel("epoch")
    ax.set_ylabel(ylabel)
    ax.xaxis.get_major_locator().set_params(integer=True)
    if percent:
        ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    if len(values_by_name) > 1:
        ax.legend()
    return ax


def confusion(ax, matrix):
    """Show a confusion matrix: the mistakes coloured by count, each count written down.

    Parameters
    ----------
    ax : matplotlib Axes
    matrix : array of int, shape (10, 10)
        Rows are labels, columns are predictions.
    """
    matrix = np.asarray(matrix)
    mistakes = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    highest = max(1, mistakes.max())
    ax.imshow(mistakes, cmap="cividis", vmin=0, vmax=highest)
    for (label, prediction), count in np.ndenumerate(matrix):
        if count:
            colour = "black" if mistakes[label, prediction] > highest / 2 else "white"
            weight = "bold" if label == prediction else "normal"
            ax.text(prediction, label, count, ha="center", va="center", fontsize=8, color=colour, weight=weight)
    ax.set_xticks(range(len(matrix)))
    ax.set_yticks(range(len(matrix)))
    ax.set_xlabel("read as")
    ax.set_ylabel("is")
    return ax


def paired_bars(ax, values_by_name, ylabel, bottom=0.0):
    """Show two values for each class, side by side, as percentages.

    Parameters
    ----------
    ax : matplotlib Axes
    values_by_name : dict of str to array of float, shape (10,)
        Fractions in [0, 1].
    ylabel : str
    bottom : float
        Where the axis begins; say so in the text when it is not 0.
    """
    width = 0.8 / len(values_by_name)
    for i, (name, values) in enumerate(values_by_name.items()):
        places = np.arange(len(values)) + (i - (len(values_by_name) - 1) / 2) * width
        ax.bar(places, values, width, label=name, color=(BLUE, ORANGE, GREEN)[i], hatch=("", "//", "..")[i])
    ax.set_xticks(range(10))
    ax.set_xlabel("class")
    ax.set_ylabel(ylabel)
    ax.set_ylim(bottom, 1)
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    ax.legend(loc="lower right")
    return ax


def probabilities(ax, values, label=None):
    """Show ten probabilities as bars; the largest stands out, and so does the truth.

    Parameters
    ----------
    ax : matplotlib Axes
    values : array of float, shape (10,)
        In [0, 1].
    label : int, optional
        The true class, marked by a frame.
    """
    bars = ax.barh(range(len(values)), values, color=SKY)
    bars[int(np.argmax(values))].set_color(BLUE)
    if label is not None:
        bars[label].set_edgecolor(RED)
        bars[label].set_linewidth(2)
    ax.set_yticks(range(len(values)))
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel("probability")
    return ax


def strip(axes, pictures, titles):
    """Show pictures of any size and mode in a row, as they are.

    Parameters
    ----------
    axes : array of matplotlib Axes
    pictures : sequence of array, shape (H, W) or (H, W, 3)
        0..255, light is light.
    titles : sequence of str
    """
    for ax, picture, title in zip(np.ravel(axes), pictures, titles, strict=True):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
        ax.set_title(title, fontsize=8)
        ax.set_axis_off()
    return axes
