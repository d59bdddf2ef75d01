"""A network to take home: one HTML file that reads what is drawn on it, in any browser, without Python or a server.

Taught in notebook 05. The page's parts, in static/, are those of the live demos as far as they do the same;
`preparation.js` and `network.js` do there what `lenet_helpers.preparation` and `lenet_helpers.inference` do here.
"""

import base64
import html
import json
import re
from pathlib import Path

import numpy as np

from lenet_helpers.architecture import count_parameters
from lenet_helpers.data import Split, local_mnist, to_input
from lenet_helpers.demos.figures.layers import NAMES, STAGES
from lenet_helpers.demos.figures.maps import colours
from lenet_helpers.drawing.strokes import WIDTHS, sample_digit
from lenet_helpers.evaluation import BETWEEN_TWO, DOUBTED, accuracy
from lenet_helpers.inference import PATCH, SIZES, SLANTS, SURE, WHOLE, probabilities_over_slants
from lenet_helpers.preparation.judging import INK_COUNTS
from lenet_helpers.system.whole_files import written_whole

STATIC = Path(__file__).parent / "static"


def take_home(model, path, name=None, validation=None):
    """Write a page that reads handwriting with `model`, wherever it is opened. Taught in notebook 05.

    Parameters
    ----------
    model : LeNet
    path : path
        The HTML file to write, about 230 kB; one that is there is replaced.
    name : str, optional
        What the page calls the network; the file's name without its ending when not given.
    validation : Split, optional
        What the accuracy at the page's foot is measured on; the validation split that is at hand when not given.

    Returns
    -------
    Path
        Of the file.
    """
    path = Path(path)
    with written_whole(path) as file:
        file.write(page(model, name or path.stem, validation).encode())
    return path


def for_tablets(model, name, path):
    """Write the page that tablets get from `lenet demo`. It is measured on a fifth of the split: they are waiting."""
    validation = local_mnist().validation
    fifth = Split("validation", validation.pixels[::5], validation.labels[::5])
    more = '<p><a href="?all">All demos</a> (they need a process on the demonstrator\'s computer)</p>'
    Path(path).write_text(page(model, Path(name).name, fifth, more), encoding="utf-8")


def page(model, name, validation=None, more=""):
    """Return the HTML of `take_home`'s page, which has the same parameters: str. `more` is HTML for its foot."""
    about = {**network_for_page(model), **pad_for_page(), "stages": _stages(), "colours": _base64(colours(range(256)))}
    facts = html.escape(_facts(model, name, validation or local_mnist().validation))
    return fill("page.html", "page.js", about, css=("demos.css", "page.css"), facts=facts, more=more)


def network_for_page(model):
    """Return what `static/classifier.js` is made of: the weights, and how `ImageClassifier` reads; a dict for JSON."""
    weights = np.concatenate([tensor.detach().cpu().numpy().ravel() for tensor in model.state_dict().values()])
    return {
        "weights": _base64(weights.astype("<f4")),
        "slants": SLANTS,
        "sizes": SIZES,
        "sure": SURE,
        "whole": WHOLE,
        "inkCounts": INK_COUNTS,
        "doubted": DOUBTED,
        "betweenTwo": BETWEEN_TWO,
        "patch": PATCH,
    }


def pad_for_page():
    """Return what `static/pad.js` asks its model for, besides strokes; a dict for JSON."""
    samples = {str(digit): sample_digit(digit) for digit in range(10)}
    return {"pad": {"widths": WIDTHS, "brush": WIDTHS["medium"], "samples": samples}}


def fill(template, module, about, css, **texts):
    """Return a page that needs no other file: str.

    Parameters
    ----------
    template, module : str
        HTML and JavaScript, files in static/. The template says ``{{style}}``, ``{{about}}`` and ``{{module}}``.
    about : dict
        For the module, as JSON in the element ``lenet-about``.
    css : sequence of str
        Style sheets, files in static/.
    **texts : str
        HTML for what else the template names.
    """
    texts |= {
        "style": "\n".join(_text(each) for each in css),
        "about": json.dumps(about, separators=(",", ":")).replace("<", "\\u003c"),
        "module": inlined(module),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: texts[found[1]], _text(template))


def inlined(module):
    """Return a module of static/ with its imports in it: each file that it names becomes a ``data:`` address."""
    return re.sub(
        r'(?<=from )"\./([\w.]+)"',
        lambda found: f'"data:text/javascript;base64,{_base64(inlined(found[1]).encode())}"',
        _text(module),
    )


def _text(file):
    return (STATIC / file).read_text(encoding="utf-8")


def _base64(values):
    return base64.b64encode(bytes(values)).decode()


_MAPS = {"relu1": 6, "pool1": 6, "relu2": 16, "pool2": 16, "average": 16, "fc3": 10}
_WIDTHS = {"relu1": 100, "pool1": 100, "relu2": 80, "pool2": 80, "average": 100, "fc3": 62}  # percent of the column


def _stages():
    return [
        {"name": name, "title": NAMES[name], "columns": columns, "maps": _MAPS[name], "width": _WIDTHS[name]}
        for name, (columns, _) in STAGES.items()
    ]


def _facts(model, name, validation):
    read = probabilities_over_slants(model, to_input(validation.pixels)).argmax(dim=1).numpy()
    return (
        f"The network is {name}, with {count_parameters(model):,} parameters. Of {len(validation):,} digits of "
        f"MNIST's validation split, it reads {accuracy(validation.labels, read):.2%} right."
    )
