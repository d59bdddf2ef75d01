import ast
import inspect

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from lenet_helpers import plots

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (28, 28), dtype=np.uint8)
MATRIX = np.diag(np.arange(90, 100))
MATRIX[4, 9], MATRIX[9, 4] = 7, 2
FRACTIONS = RNG.uniform(0.9, 1, 10)


@pytest.fixture
def ax():
    """Axes of a figure that pyplot knows nothing of."""
    return Figure().subplots()


def texts(ax):
    return [text.get_text() for text in ax.texts]


DRAWN = {
    "digit": lambda ax: plots.digit(ax, IMAGE),
    "pixel_numbers": lambda ax: plots.pixel_numbers(ax, IMAGE[:4, :4]),
    "feature_map": lambda ax: plots.feature_map(ax, IMAGE / 255),
    "class_counts": lambda ax: plots.class_counts(ax, np.arange(10)),
    "curves": lambda ax: plots.curves(ax, [1, 2], {"train": [2, 1]}, "loss"),
    "every_step": lambda ax: plots.every_step(ax, 2, [3, 2, 1, 1]),
    "confusion": lambda ax: plots.confusion(ax, MATRIX),
    "paired_bars": lambda ax: plots.paired_bars(ax, {"precision": FRACTIONS}, "fraction"),
    "probabilities": lambda ax: plots.probabilities(ax, FRACTIONS, 3),
    "lines": lambda ax: plots.lines(ax, [1, 2], {"loss": [2, 1]}, "step", "loss"),
    "plain_log_scale": plots.plain_log_scale,
    "mark_window": lambda ax: plots.mark_window(ax, 3, 4, 5),
    "with_scale": lambda ax: plots.with_scale(ax, IMAGE / 255, (0, 1)),
    "number_grid": lambda ax: plots.number_grid(ax, IMAGE[:3, :3] / 255),
    "map_row": lambda ax: plots.map_row(ax, np.zeros((3, 5, 5))),
}


@pytest.mark.parametrize("name", DRAWN)
def test_plot_returns_the_ax_that_it_was_given(name, ax):
    assert DRAWN[name](ax) is ax


@pytest.mark.parametrize("name", DRAWN)
def test_plot_leaves_what_all_figures_share_alone(name, ax):
    from matplotlib import pyplot

    figures, settings = pyplot.get_fignums(), dict(mpl.rcParams)
    DRAWN[name](ax)
    ax.figure.canvas.draw()
    assert pyplot.get_fignums() == figures and dict(mpl.rcParams) == settings


def test_plots_never_use_pyplot():
    tree = ast.parse(inspect.getsource(plots))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any("pyplot" in name for name in imported), imported


def test_every_plot_has_a_docstring():
    for name, function in inspect.getmembers(plots, inspect.isfunction):
        if function.__module__ == plots.__name__ and not name.startswith("_"):
            assert function.__doc__, name


def test_digit_is_dark_ink_on_light_paper(ax):
    (image,) = plots.digit(ax, IMAGE, "is 7").images
    assert np.array_equal(image.get_array(), IMAGE) and image.get_clim() == (0, 255)
    assert image.cmap(0.0)[:3] == (1, 1, 1) and image.cmap(1.0)[:3] == (0, 0, 0)
    assert ax.get_title() == "is 7"


def test_digits_leave_what_is_left_over_empty():
    axes = Figure().subplots(2, 2)
    assert plots.digits(axes, [IMAGE, IMAGE.T, IMAGE], ["a", "b", "c"]) is axes
    assert [len(ax.images) for ax in axes.flat] == [1, 1, 1, 0]
    assert [ax.get_title() for ax in axes.flat] == ["a", "b", "c", ""]
    assert np.array_equal(axes.flat[1].images[0].get_array(), IMAGE.T)
    assert not axes.flat[3].axison


def test_pixel_numbers_are_the_values(ax):
    plots.pixel_numbers(ax, IMAGE[:3, :2])
    assert texts(ax) == [str(value) for value in IMAGE[:3, :2].flat]


def test_class_counts_are_the_heights(ax):
    counts = np.arange(10, 20)
    assert [bar.get_height() for bar in plots.class_counts(ax, counts).patches] == counts.tolist()


def test_curves_and_lines_draw_the_numbers(ax):
    values = {"train": [3.0, 2.0, 1.0], "validation": [3.5, 2.5, np.nan]}
    plots.curves(ax, [1, 2, 3], values, "loss")
    for line, (name, numbers) in zip(ax.lines, values.items(), strict=True):
        assert line.get_label() == name
        assert np.array_equal(line.get_xdata(), [1, 2, 3])
        assert np.array_equal(line.get_ydata(), numbers, equal_nan=True)
    assert ax.get_xlabel() == "epoch" and ax.get_ylabel() == "loss" and ax.get_legend()
    other = Figure().subplots()
    plots.lines(other, [1, 10, 100], values, "rate", "loss", log="xy")
    assert np.array_equal(other.lines[1].get_ydata(), values["validation"], equal_nan=True)
    assert (other.get_xscale(), other.get_yscale()) == ("log", "log") and other.get_xlabel() == "rate"


def test_every_step_ends_where_its_epoch_ends(ax):
    plots.every_step(ax, 2, [4, 3, 2, 1])
    assert ax.lines[0].get_xydata().tolist() == [[0.5, 4], [1, 3], [1.5, 2], [2, 1]]


def test_lines_differ_in_more_than_colour(ax):
    plots.lines(ax, [1, 2], {str(i): [i, i] for i in range(4)}, "x", "y")
    assert len({line.get_linestyle() for line in ax.lines}) == 4


def test_log_scale_is_labelled_with_plain_numbers(ax):
    ax.plot([1, 2], [0.03, 0.7])
    plots.plain_log_scale(ax)
    ax.figure.canvas.draw()
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert {"0.05", "0.1", "0.2", "0.5"} <= set(labels)


def test_percent_is_only_shown_never_computed(ax):
    plots.curves(ax, [1, 2], {"validation": [0.9, 0.95]}, "accuracy", percent=True)
    assert ax.lines[0].get_ydata().max() == 0.95
    assert ax.yaxis.get_major_formatter()(0.95).startswith("95")


def test_confusion_writes_every_count_and_colours_only_mistakes(ax):
    plots.confusion(ax, MATRIX)
    colours = np.asarray(ax.images[0].get_array())
    assert np.diag(colours).sum() == 0 and colours[4, 9] == 7 and colours.sum() == 9
    assert sorted(texts(ax)) == sorted(str(count) for count in MATRIX.flat if count)
    place = next(text.get_position() for text in ax.texts if text.get_text() == "7")
    assert place == (9, 4), "x is what it was read as, y what it is"
    assert MATRIX[4, 9] == 7, "the matrix itself stays"


def test_confusion_without_mistakes(ax):
    assert len(plots.confusion(ax, np.diag([3] * 10)).texts) == 10


def test_paired_bars_stand_side_by_side(ax):
    other = FRACTIONS[::-1]
    plots.paired_bars(ax, {"precision": FRACTIONS, "recall": other}, "fraction", bottom=0.85)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([*FRACTIONS, *other])
    first, second = ax.patches[0], ax.patches[10]
    assert first.get_x() + first.get_width() == pytest.approx(second.get_x())
    assert ax.get_ylim() == (0.85, 1) and first.get_hatch() != second.get_hatch()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["precision", "recall"]


def test_probabilities_show_the_largest_and_mark_the_truth(ax):
    values = np.array([0.0, 0.01, 0.02, 0.03, 0.04, 0.2, 0.6, 0.05, 0.05, 0.0])
    plots.probabilities(ax, values, label=5)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(values)
    colours = [mpl.colors.to_hex(bar.get_facecolor()).upper() for bar in ax.patches]
    assert colours[6] == plots.BLUE and set(colours[:6]) == {plots.SKY}
    assert mpl.colors.to_hex(ax.patches[5].get_edgecolor()).upper() == plots.RED
    weights = [label.get_weight() for label in ax.get_yticklabels()]
    assert [i for i, weight in enumerate(weights) if weight == "bold"] == [5]
    assert ax.yaxis_inverted(), "0 stands at the top"


def test_strip_shows_pictures_as_they_are():
    axes = Figure().subplots(1, 2)
    colour = np.zeros((5, 6, 3), np.uint8)
    assert plots.strip(axes, [IMAGE, colour], ["gray", "colour"]) is axes
    assert np.array_equal(axes[0].images[0].get_array(), IMAGE)
    assert [ax.get_title() for ax in axes] == ["gray", "colour"]


def test_window_is_framed_at_the_edges_of_its_pixels(ax):
    (frame,) = plots.mark_window(ax, row=3, column=4, size=5).patches
    assert frame.get_xy() == (3.5, 2.5) and (frame.get_width(), frame.get_height()) == (5, 5)


def test_map_row_uses_one_scale_for_all_maps(ax):
    maps = np.stack([np.full((14, 14), value) for value in (0.0, 1.0, 2.0)])
    (image,) = plots.map_row(ax, maps, names=["a", "b", "c"]).images
    assert image.get_clim() == (0, 2)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]


def test_a_cut_graph_has_a_cut_at_each_place_and_an_arc_for_each_reading(ax):
    places = [0.0, 12.0, 30.0]
    arcs = [(0, 1, 1, 2.4, False), (1, 2, 7, 3.0, False), (0, 2, 4, 11.6, True)]
    plots.cut_graph(ax, np.zeros((20, 30)), places, arcs)
    (cuts,) = ax.collections
    assert [line[0, 0] for line in cuts.get_segments()] == places
    ends = sorted(tuple(line.get_xdata()[[0, -1]].round(6)) for line in ax.lines)
    assert ends == [(0, 12), (0, 30), (12, 30)]
    assert sorted(text.get_text() for text in ax.texts) == ["1\n2", "4\n12", "7\n3"]
    assert ax.lines[-1].get_color() != ax.lines[0].get_color(), "the path stands out, above the others"


def test_signs_have_the_colours_of_the_live_demos():
    image = plots.signed_map(Figure().subplots(), np.array([[-2.0, 0.0, 2.0, 9.0]]), 2, "slopes").images[0]
    colours = [mpl.colors.to_hex(colour) for colour in image.to_rgba(image.get_array())[0]]
    assert colours[::2] == [plots.BLUE.lower(), plots.RED.lower()] and colours[3] == colours[2]
    assert min(image.to_rgba(0.0)[:3]) > 0.98
