"""Names of a package that are loaded when they are first used, so that importing the package is cheap."""

import sys


def lazily(package, names, load):
    """Return the `__getattr__` and the `__dir__` for a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    names : list of str
        All that it has to offer.
    load : callable
        Takes one of these names and returns its value; asked once for each.
    """

    def __getattr__(name):
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(names)}")
        value = load(name)
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__, lambda: names
