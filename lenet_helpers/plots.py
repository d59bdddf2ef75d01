"""Figures: each function takes finished numbers and an `ax`, and returns the `ax`.

Nothing is computed here, so a figure can't disagree with the numbers beside it. An `ax` is
matplotlib's Axes, `axes` are an array of them, and a `title` is a str.
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

SIGNED = mpl.colors.LinearSegmentedColormap.from_list("signed", (BLUE, "white", RED))


def digit(ax, pixels, title=""):
    """Show one image of shape (28, 28), dark ink on light paper.

    Parameters
    ----------
    pixels : array, shape (H, W), 0..255
    """
    ax.imshow(pixels, cmap=INK, vmin=0, vmax=255, interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
    return ax


def digits(axes, pixels, titles=()):
    """Show several images, one on each of `axes`; what is left over stays empty.

    Parameters
    ----------
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
    values : array or Tensor of float, shape (H, W)
    limit : (float, float), optional
        Values of the darkest and the brightest colour; the map's own when not given.
    """
    low, high = limit or (None, None)
    ax.imshow(np.asarray(values), cmap="cividis", vmin=low, vmax=high, interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
    return ax


def signed_map(ax, values, limit, title=""):
    """Show numbers, shape (H, W), by their signs: blue below 0, white at 0, orange above, full at `limit`."""
    ax.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def class_counts(ax, counts, label=None):
    """Show how many images each class has, as bars.

    Parameters
    ----------
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


def every_step(ax, epochs, step_losses):
    """Show the loss of every step as a thin gray line behind curves over the epochs.

    Parameters
    ----------
    epochs : int
        How many epochs the steps make.
    step_losses : array of float, shape (steps,)
    """
    places = np.linspace(0, epochs, len(step_losses) + 1)[1:]
    ax.plot(places, step_losses, color="#C8C8C8", linewidth=0.5, label="every step")
    return ax


def confusion(ax, matrix):
    """Show a confusion matrix: the mistakes coloured by count, each count written down.

    Parameters
    ----------
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
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(values_by_name), frameon=False)
    return ax


def probabilities(ax, values, label=None):
    """Show ten probabilities as bars; the largest stands out, and so does the truth.

    Parameters
    ----------
    values : array of float, shape (10,)
        In [0, 1].
    label : int, optional
        The true class, marked by a frame around its bar and by a bold, coloured name.
    """
    bars = ax.barh(range(len(values)), values, color=SKY)
    bars[int(np.argmax(values))].set_color(BLUE)
    if label is not None:
        bars[label].set_edgecolor(RED)
        bars[label].set_linewidth(2)
    ax.set_yticks(range(len(values)))
    if label is not None:
        ax.get_yticklabels()[label].set(color=RED, weight="bold")
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel("probability")
    return ax


def strip(axes, pictures, titles):
    """Show pictures of any size and mode in a row, as they are.

    Parameters
    ----------
    pictures : sequence of array, shape (H, W) or (H, W, 3)
        0..255, light is light.
    titles : sequence of str
    """
    for ax, picture, title in zip(np.ravel(axes), pictures, titles, strict=True):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
        ax.set_title(title, fontsize=9)
        ax.set_axis_on()
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_color("lightgray")  # white paper ends somewhere, too
        ax.set_anchor("N")
    return axes


def lines(ax, x, values_by_name, xlabel, ylabel, log=""):
    """Show one line for each named series over any numbers, such as steps or learning rates.

    Parameters
    ----------
    x : sequence of float
    values_by_name : dict of str to sequence of float
        What is not finite leaves a gap.
    xlabel, ylabel : str
    log : str
        Axes with a logarithmic scale: "", "x", "y" or "xy".
    """
    styles = zip((BLUE, RED, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True)
    for (name, values), (colour, style) in zip(values_by_name.items(), styles, strict=False):
        ax.plot(x, values, style, color=colour, label=name)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        plain_log_scale(ax)
    if len(values_by_name) > 1:
        ax.legend()
    return ax


def falls(ax, pixels, falls, title=""):
    """Show a digit, and over it in orange how far in [-1, 1] the probability falls when each place is covered."""
    digit(ax, pixels, title)
    ax.imshow(np.full_like(falls, 0.75), cmap="Oranges", vmin=0, vmax=1, alpha=0.85 * np.clip(falls, 0, 1))
    return ax


def mark_window(ax, row, column, size):
    """Draw a frame around the pixels [row : row + size, column : column + size] of an image.

    Parameters
    ----------
    ax : matplotlib Axes
        Already shows the image.
    row, column : int
        The window's first row and column.
    size : int
        Its side, in pixels.
    """
    corner = column - 0.5, row - 0.5
    ax.add_patch(mpl.patches.Rectangle(corner, size, size, fill=False, edgecolor=ORANGE, linewidth=2))
    return ax


def with_scale(ax, values, limits, title=""):
    """Show an image as ink on paper, with the scale of its values beside it.

    Parameters
    ----------
    values : array or Tensor, shape (H, W)
    limits : (float, float)
        Values of paper and of full ink.
    """
    image = ax.imshow(np.asarray(values), cmap=INK, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    ax.set_title(title, fontsize=10)
    ax.set_axis_off()
    ax.figure.colorbar(image, ax=ax, ticks=[limits[0], sum(limits) / 2, limits[1]], format="%g", shrink=0.9)
    return ax


def number_grid(ax, values, title="", limit=None):
    """Show a small grid of numbers in cividis, each number written into its cell.

    Parameters
    ----------
    values : array or Tensor of float, shape (H, W)
        At most about 5 × 5.
    limit : (float, float), optional
        Values of the darkest and the brightest colour; the grid's own when not given.
    """
    feature_map(ax, values, title, limit)
    low, high = ax.images[0].get_clim()
    for (row, column), value in np.ndenumerate(np.asarray(values)):
        colour = "black" if value > (low + high) / 2 else "white"
        ax.text(column, row, f"{value:.2g}", ha="center", va="center", fontsize=9, color=colour)
    return ax


def map_row(ax, maps, title="", names=()):
    """Show all feature maps of one layer side by side, on one scale of cividis.

    Parameters
    ----------
    maps : array or Tensor of float, shape (C, H, W)
        Small maps are enlarged, so that the gaps look the same in every row.
    title : str
        Written at the left of the row.
    names : sequence of str, optional
        One for each map, written below it.
    """
    maps = np.asarray(maps)
    enlarged = np.kron(maps, np.ones((1, max(1, 28 // maps.shape[1]), max(1, 28 // maps.shape[2]))))
    width, gap = enlarged.shape[2], max(1, enlarged.shape[2] // 10)
    framed = np.pad(enlarged, ((0, 0), (0, 0), (0, gap)), constant_values=np.nan)
    ax.imshow(np.concatenate(framed, axis=1)[:, :-gap], cmap="cividis", interpolation="nearest")
    ax.set_anchor("W")
    ax.set_ylabel(title, fontsize=9, rotation=0, ha="right", va="center")
    ax.set_yticks([])
    ax.set_xticks([i * (width + gap) + (width - 1) / 2 for i in range(len(names))], names, fontsize=9)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def gray_levels(ax, counts, paper, title=""):
    """Show how many pixels of a picture have each gray level, on a logarithmic scale.

    Parameters
    ----------
    counts : array of int, shape (256,)
        Pixels of level 0, 1, ..., 255.
    paper : float
        The paper's level, marked by a dashed line.
    """
    ax.fill_between(range(len(counts)), counts, step="mid", color=BLUE)
    ax.axvline(paper, color=RED, linestyle="--", label="paper")
    ax.set_yscale("symlog")
    ax.set_xlim(-5, 260)
    ax.set_ylim(0)
    ax.set_xlabel("gray level (0 black, 255 white)")
    ax.set_ylabel("pixels")
    ax.set_title(title, fontsize=10)
    ax.legend(loc="upper center")
    return ax


def mark_centre(ax, row, column, rows, columns):
    """Mark a point by a cross, and the box that the ink fills by a dashed frame.

    Parameters
    ----------
    ax : matplotlib Axes
        Which shows an image.
    row, column : float
        The point, in pixels; a pixel's middle has whole numbers.
    rows, columns : (int, int)
        First and last row and column of the box.
    """
    ax.plot(column, row, "+", color=RED, markersize=14, markeredgewidth=2.5)
    (top, bottom), (left, right) = rows, columns
    size = (right - left + 1, bottom - top + 1)
    ax.add_patch(mpl.patches.Rectangle((left - 0.5, top - 0.5), *size, fill=False, linestyle="--", edgecolor=ORANGE))
    return ax


def steps(axes, all_steps):
    """Show the steps that a picture goes through, numbered from 1; axes left over stay empty.

    Parameters
    ----------
    axes : array of matplotlib Axes
        At least as many as there are steps.
    all_steps : sequence of lenet_helpers.inference.Step
    """
    for ax in np.ravel(axes):
        ax.set_axis_off()
    shown = np.ravel(axes)[: len(all_steps)]
    titles = [f"{number}. {step.name}" for number, step in enumerate(all_steps, 1)]
    return strip(shown, [step.picture for step in all_steps], titles)


def cut_graph(ax, ink, places, arcs):
    """Show a row of digits, the cuts between its pieces, and above them what is read between any two cuts.

    Parameters
    ----------
    ink : array of float, shape (H, W), range [0, 1]
    places : sequence of N + 1 floats
        The column of each cut.
    arcs : sequence of tuple
        (from cut, to cut, digit, score, whether it is on the best path).
    """
    ax.imshow(ink, cmap="gray_r", vmin=0, vmax=1)
    ax.vlines(places, 0, len(ink), color="tab:red", linewidth=0.8, linestyle=":")
    for first, last, digit, score, chosen in sorted(arcs, key=lambda arc: arc[-1]):
        left, right = places[first], places[last]
        turn = np.linspace(0, np.pi, 40)
        height = 0.45 * len(ink) * (last - first) ** 0.7
        colour = "tab:blue" if chosen else "silver"
        ax.plot((left + right) / 2 - (right - left) / 2 * np.cos(turn), -height * np.sin(turn), color=colour)
        text = f"{digit}\n{score:.0f}"
        ax.text((left + right) / 2, -height, text, color="tab:blue" if chosen else "gray", ha="center", va="bottom")
    ax.set_axis_off()
    return ax


def plain_log_scale(ax):
    """Give the y axis a logarithmic scale with plain numbers at 1, 2 and 5: 0.05, 0.1, 0.2."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_formatter(mpl.ticker.NullFormatter())
    return ax
