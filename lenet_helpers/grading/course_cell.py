"""The first cell of a student's copy: it finds the course where Python doesn't, as on Colab and Kaggle.

What is beside the notebook counts most, then what a hosted Jupyter has been given: uploaded, from Drive, as a data
set, or pulled into the home folder. Where the course is installed, the cell does nothing.
"""

import re

from nbformat.v4 import new_code_cell

from lenet_helpers.grading.errors import GradingError

_SOURCE = """import glob, importlib.util, os, sys  # Where the course is not installed, this finds it.
if not importlib.util.find_spec("lenet_helpers"):
    tops = [".", "..", "../..", *(top + n * "/*" for top in ("/content", "/kaggle/input", "~") for n in range(5))]
    course = next((at for top in tops for at in glob.glob(os.path.expanduser(top) + "/lenet_helpers/__init__.py")), "")
    sys.path.insert(0, os.path.abspath(course + "/../..")) if course else """

_NOWHERE = (
    "The course is not on this computer. Put its folder, the one that holds lenet_helpers, beside this notebook "
    "(Colab: into your Drive, and mount it; Kaggle: into a dataset, and add it), and run this cell again."
)


def course_cell(address=None):
    """Return the cell; pip installs the course from `address`, an address or a path, where it is not found.

    GradingError says that it is no single word that a shell leaves alone.
    """
    if address is not None and not re.fullmatch(r"[\w.~:/?#@+,=%-]+", address):
        raise GradingError(f"{address!r} is no address that pip can be given: one word, without quotes, $ and &.")
    instead = f'get_ipython().run_line_magic("pip", "install {address}")' if address else f"sys.exit({_NOWHERE!r})"
    metadata = {"tags": ["course"], "jupyter": {"source_hidden": True}}
    return new_code_cell(_SOURCE + instead, id="course", metadata=metadata)


def is_course_cell(source):
    """Tell it by its source, whatever the address."""
    return source.startswith(_SOURCE)
