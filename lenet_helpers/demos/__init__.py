"""Live demos: each is one line in a notebook, and each has a twin that is a plain figure.

    from lenet_helpers import demos

    demos.drawing_pad()          # draw, and see what the network reads
    demos.drawing_pad_figure()   # the same for a sample digit, as a figure

What a demo shows is computed by plain functions in the modules of this folder; its widgets
are in live/, and only they need ipywidgets and anywidget. Where these are missing, a demo
says so and returns its twin.
"""

import functools
import importlib
import warnings

# Demo -> module here and in live/, and the name of its widget. The twin is called <demo>_figure.
# No module has the name of a demo: importing it would put it in the demo's place.
_DEMOS = {
    "drawing_pad": ("drawing", "DrawingPad"),
    "layers": ("stages", "Layers"),
    "convolution": ("kernels", "Convolution"),
    "data": ("images", "Data"),
    "live_training": ("curves", "LiveTraining"),
    "mistakes": ("confusions", "Mistakes"),
    "fool_it": ("fooling", "FoolIt"),
}

__all__ = sorted([*_DEMOS, *(f"{name}_figure" for name in _DEMOS)])


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module 'lenet_helpers.demos' has no attribute '{name}'; it has {', '.join(__all__)}")
    module, widget = _DEMOS[name.removesuffix("_figure")]
    if name.endswith("_figure"):
        value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    else:
        try:
            value = getattr(importlib.import_module(f"{__name__}.live.{module}"), widget)
        except ImportError as error:
            if error.name not in ("ipywidgets", "anywidget", "traitlets"):
                raise
            value = _stand_in(name, error.name)
    globals()[name] = value
    return value


def __dir__():
    return __all__


def _stand_in(name, missing):
    """The twin of a demo, for a kernel in which its widgets can't be made."""
    twin = getattr(importlib.import_module(f"{__name__}.{_DEMOS[name][0]}"), f"{name}_figure")

    @functools.wraps(twin)
    def figure_instead(*arguments, **options):
        warnings.warn(
            f"{missing} is not installed here, so this is {name}'s figure and not the live demo. "
            "To have that, run: pip install ipywidgets anywidget",
            stacklevel=2,
        )
        return twin(*arguments, **options)

    return figure_instead
