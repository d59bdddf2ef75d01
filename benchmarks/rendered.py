"""Where the rendered pages come from: the same file that the tests draw theirs with."""

import importlib.util
from functools import cache

from lenet_helpers.paths import COURSE


@cache
def pages():
    """Return the module tests/rendered_pages.py; `tests` is no package that could be imported."""
    spec = importlib.util.spec_from_file_location("rendered_pages", COURSE / "tests" / "rendered_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
