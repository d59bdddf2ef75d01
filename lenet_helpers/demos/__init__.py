"""Live demos: each is one line in a notebook, and each has a twin that is a plain figure.

    from lenet_helpers import demos

    demos.drawing_pad()          # draw, and see what the network reads
    demos.drawing_pad_figure()   # the same for a sample digit, as a figure

What a demo shows is computed by plain functions in figures/; its widgets
are in live/, and only they need ipywidgets and anywidget. Where these are missing, a demo
says so and returns its twin.
"""

import functools
import importlib
import warnings

from lenet_helpers.system.lazy import lazily

# Demo, which is also its module in figures/ and in live/ -> its widget. The twin is called <demo>_figure.
# None stands in this folder itself: importing it would put the module in the demo's place.
_DEMOS = {
    "drawing_pad": "DrawingPad",
    "layers": "Layers",
    "convolution": "Convolution",
    "data": "Data",
    "live_training": "LiveTraining",
    "mistakes": "Mistakes",
    "fool_it": "FoolIt",
}

__all__ = sorted([*_DEMOS, *(f"{name}_figure" for name in _DEMOS)])


def _load(name):
    demo = name.removesuffix("_figure")
    if name != demo:
        return getattr(importlib.import_module(f"{__name__}.figures.{demo}"), name)
    try:
        return getattr(importlib.import_module(f"{__name__}.live.{demo}"), _DEMOS[demo])
    except ImportError as error:
        if error.name not in ("ipywidgets", "anywidget", "traitlets"):
            raise
        return _stand_in(name, error.name)


__getattr__, __dir__ = lazily(__name__, __all__, _load)


def _stand_in(name, missing):
    """The twin of a demo, for a kernel in which its widgets can't be made."""
    twin = getattr(importlib.import_module(f"{__name__}.figures.{name}"), f"{name}_figure")

    @functools.wraps(twin)
    def figure_instead(*arguments, **options):
        warnings.warn(
            f"{missing} is not installed here, so this is {name}'s figure and not the live demo. "
            "To have that, run: pip install ipywidgets anywidget",
            stacklevel=2,
        )
        return twin(*arguments, **options)

    return figure_instead
