"""Live demos: each is one line in a notebook, and each has a twin that is a plain figure.

    from lenet_helpers import demos

    demos.drawing_pad()          # draw, and see what the network reads
    demos.drawing_pad_figure()   # the same for a sample digit, as a figure

What a demo shows is computed by plain functions in figures/; its widgets are in live/, and
only they need ipywidgets and anywidget. Where these are missing, a demo says so and returns
its twin.
"""

import functools
import importlib
import warnings

from lenet_helpers.system.lazy import lazily

# Each is a module in figures/ and in live/. None stands in this folder itself: importing it would put the module in
# the demo's place.
_DEMOS = (
    "drawing_pad",
    "number_pad",
    "layers",
    "convolution",
    "data",
    "one_step",
    "live_training",
    "mistakes",
    "fool_it",
)

__all__ = sorted([*_DEMOS, *(f"{name}_figure" for name in _DEMOS)])


def _load(name):
    return _twin(name) if name.endswith("_figure") else _live(name)


__getattr__, __dir__ = lazily(__name__, __all__, _load)


def _twin(name):
    return getattr(importlib.import_module(f"{__name__}.figures.{name.removesuffix('_figure')}"), name)


def _live(name):
    """The widget of a demo, or its twin in a kernel in which widgets can't be made."""
    try:
        return getattr(importlib.import_module(f"{__name__}.live.{name}"), name.title().replace("_", ""))
    except ImportError as error:
        if error.name not in ("ipywidgets", "anywidget", "traitlets"):
            raise
        missing, twin = error.name, _twin(f"{name}_figure")

    @functools.wraps(twin)
    def figure_instead(*arguments, **options):
        warnings.warn(
            f"{missing} is not installed here, so this is {name}'s figure and not the live demo. "
            "To have that, run: pip install ipywidgets anywidget",
            stacklevel=2,
        )
        return twin(*arguments, **options)

    return figure_instead
