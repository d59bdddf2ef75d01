"""Names of a package that are loaded when they are first used, so that importing the package is cheap."""

import sys


def lazily(package, names, load):
    """Return `__getattr__` and `__dir__` for a package that offers these names; `load(name)` is asked once for each."""

    def __getattr__(name):
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(names)}")
        value = load(name)
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__, lambda: names
