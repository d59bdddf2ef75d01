"""Results as plain data: what a call returned, copied at once into types of our own.

Nothing of the candidate's is ever asked whether it is equal: an object can answer yes to
everything. Only exact built-in, NumPy and torch types are taken for what they claim to be.
"""

from dataclasses import dataclass

import numpy as np

_LARGEST = 10**7  # entries; nobody needs more in an exercise
_INTS = (int, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.intc, np.longlong)
_FLOATS = (float, np.float16, np.float32, np.float64)
_BOOLS = (bool, np.bool_)
_NUMERIC = "buif"


@dataclass(frozen=True)
class Result:
    """A returned value, frozen.

    Attributes
    ----------
    kind : str
        "int", "float", "bool", "array", "tensor", "tuple", "list", "None" or "other".
    type_name : str
        Such as "int64", for the reader.
    data : ndarray, tuple of Result, or None
    """

    kind: str
    type_name: str
    data: object = None

    @property
    def numbers(self):
        """All values as float64, or None where there are none."""
        if isinstance(self.data, np.ndarray):
            return self.data.astype(np.float64)
        if isinstance(self.data, tuple) and self.data:
            items = [item.numbers for item in self.data]
            if all(item is not None and item.shape == items[0].shape for item in items):
                return np.stack(items)
        return None


def freeze(value):
    """Return `value` as a `Result`; types that only look like what they claim become "other"."""
    kind, name = type(value), type_name(value)
    if value is None:
        return Result("None", "None")
    for word, kinds in (("bool", _BOOLS), ("int", _INTS), ("float", _FLOATS)):
        if any(kind is one for one in kinds):
            if word == "int" and not -(2**63) <= int(value) < 2**63:
                return Result("other", "int far beyond what is asked for")
            return Result(word, name, np.array(value.item() if isinstance(value, np.generic) else value))
    if kind is np.ndarray and value.dtype.kind in _NUMERIC and value.size <= _LARGEST:
        return Result("array", f"{value.dtype} array", np.array(value))
    if (kind is tuple or kind is list) and len(value) <= 20:
        return Result(kind.__name__, name, tuple(freeze(item) for item in value))
    if kind is np.ndarray:
        return Result("other", f"{value.dtype} array of shape {value.shape}")
    if kind.__module__ in ("torch", "torch.nn.parameter"):
        return _freeze_tensor(value, kind)
    return Result("other", name)


def _freeze_tensor(value, kind):
    import torch

    if kind is not torch.Tensor and kind is not torch.nn.Parameter:
        return Result("other", kind.__name__)
    try:
        array = value.detach().cpu().resolve_conj().resolve_neg().numpy()
    except Exception:  # sparse, bfloat16, meta: none of them is asked for
        return Result("other", f"Tensor of {value.dtype}")
    if array.dtype.kind not in _NUMERIC or array.size > _LARGEST:
        return Result("other", f"Tensor of {value.dtype}")
    return Result("tensor", "Tensor", np.array(array))


def same(one, other):
    """Whether two results have the same types, shapes and values (to rounding; NaN equals NaN)."""
    if one.kind != other.kind:
        return False
    if isinstance(one.data, tuple):
        return len(one.data) == len(other.data) and all(map(same, one.data, other.data))
    if isinstance(one.data, np.ndarray):
        return (
            one.data.dtype == other.data.dtype and one.data.shape == other.data.shape and bool(agree(one, other).all())
        )
    return one.type_name == other.type_name


def same_values(one, other):
    """Whether two results hold the same numbers in the same shape, to rounding, whatever their types."""
    a, b = one.numbers, other.numbers
    return a is not None and b is not None and a.shape == b.shape and bool(close(a, b).all())


def agree(got, expected):
    """Mark the entries of two arrays or numbers that agree: whole numbers exactly, floats to rounding."""
    if expected.data.dtype.kind in "iub" and got.data.dtype.kind in "iub":
        return got.data == expected.data
    return close(got.numbers, expected.numbers)


def close(got, expected, relative=1e-4, absolute=1e-5):
    """Mark the entries that agree to rounding. NaN agrees with NaN, infinity with itself."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(got - expected) <= absolute + relative * np.abs(expected)
    return near & np.isfinite(expected) | (got == expected) | (np.isnan(got) & np.isnan(expected))


def show(result):
    """Return a result as short text."""
    if isinstance(result.data, tuple):
        inside = ", ".join(map(show, result.data))
        return f"[{inside}]" if result.kind == "list" else f"({inside})"
    if isinstance(result.data, np.ndarray):
        if result.kind in ("int", "float", "bool"):
            return show_number(result.data)
        if result.kind == "tensor" and result.data.ndim == 0:
            return f"tensor({show_number(result.data)})"
        return show_array(result.data)
    return "nothing (None)" if result.kind == "None" else f"an object of type {result.type_name}"


def show_number(number):
    number = np.asarray(number)
    if number.dtype.kind != "f":
        return str(number.item())
    text = f"{number.item():.6g}"
    return text + ".0" if text.lstrip("-").isdigit() else text


def show_array(array):
    """Return an array as text: whole when it is small, else its dtype, shape and range."""
    if array.ndim == 1 and array.size <= 60:
        return "[" + ", ".join(map(show_number, array)) + "]"
    if array.size <= 120 and array.ndim <= 2:
        text = np.array2string(array, precision=4, separator=", ", max_line_width=100, floatmode="maxprec")
        return "\n" + text if "\n" in text else text
    values = f" from {show_number(array.min())} to {show_number(array.max())}" if array.size else ""
    return f"{array.dtype} array of shape {array.shape}{values}"


def type_name(value):
    return str(type.__getattribute__(type(value), "__name__"))


def text_of(error, longest=300):
    """Return the message of an exception, whatever its ``__str__`` does."""
    try:
        text = " ".join(str(error).split())
    except BaseException:
        return "(no message)"
    return text if len(text) <= longest else text[:longest] + " …"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a result: the property that failed, and both sides of it.

    `mistake` names the known mistake where only one leads to this problem.
    """

    property: str
    expected: str
    got: str
    advice: str = ""
    mistake: str | None = None


class Number:
    """Asks for one int or one float; Python's or NumPy's, never a bool."""

    def __init__(self, kind):
        self.kind = kind

    def problem(self, got, expected):
        if got.kind != self.kind:
            wanted = "an int" if self.kind == "int" else "a float"
            return Problem("the type", f"{wanted}, {show(expected)}", described(got), _TYPE_ADVICE.get(got.kind, ""))
        if not agree(got, expected):
            return Problem("the value", show(expected), show(got))
        return None


class Pair:
    """Asks for a tuple of two numbers."""

    def __init__(self, kind, names):
        self.kind, self.names = kind, names

    def problem(self, got, expected):
        if got.kind != "tuple" or len(got.data) != 2:
            wanted = f"a tuple ({', '.join(self.names)}), {show(expected)}"
            return Problem("the type", wanted, described(got), f"End with: return {', '.join(self.names)}")
        for name, one, other in zip(self.names, got.data, expected.data, strict=True):
            problem = Number(self.kind).problem(one, other)
            if problem and problem.property == "the value":
                return Problem(f"the value of {name}", show(expected), show(got), problem.advice)
            if problem:
                return Problem(f"the type of {name}", problem.expected, problem.got, problem.advice)
        return None


class Array:
    """Asks for a NumPy array.

    Parameters
    ----------
    dtypes : str
        One dtype, or "float" or "int" for any of the family.
    """

    def __init__(self, dtypes):
        self.dtypes = dtypes

    def problem(self, got, expected):
        if got.kind != "array":
            return Problem(
                "the type", f"a NumPy array of {self.dtypes}", described(got), _TYPE_ADVICE.get(got.kind, "")
            )
        if got.data.shape != expected.data.shape:
            return Problem("the shape", str(expected.data.shape), str(got.data.shape))
        if not self._fits(got.data.dtype):
            wanted = f"{self.dtypes}" + (", of any size" if self.dtypes in ("float", "int") else "")
            name = {"float": "float", "int": "np.int64", "bool": "bool"}.get(self.dtypes, f"np.{self.dtypes}")
            return Problem("the dtype", wanted, str(got.data.dtype), f"Convert the result with .astype({name}).")
        return values_problem(got, expected)

    def _fits(self, dtype):
        families = {"float": "f", "int": "iu"}
        return dtype.kind in families[self.dtypes] if self.dtypes in families else dtype == np.dtype(self.dtypes)


def values_problem(got, expected, property="the values"):
    """Name the first entry of an array that differs, or return None."""
    right = agree(got, expected)
    if right.all():
        return None
    first = tuple(int(i) for i in np.argwhere(~right)[0])
    where = f"{show_number(expected.data[first])} at {list(first)}" if first else show_number(expected.data)
    count = int((~right).sum())
    more = f" ({count} of {right.size} entries differ)" if right.size > 1 else ""
    whole = f", in {show(expected)}" if 1 < right.size <= 36 else ""
    return Problem(property, where + whole, show_number(got.data[first]) + more)


def described(result):
    """Return a result of the wrong type in words."""
    if result.kind in ("int", "float", "bool"):
        return f"{'an' if result.kind == 'int' else 'a'} {result.type_name}, {show(result)}"
    if result.kind in ("array", "tensor"):
        return f"a {result.type_name} of shape {result.data.shape}"
    return f"a {result.kind} {show(result)}" if isinstance(result.data, tuple) else show(result)


_TYPE_ADVICE = {
    "None": "Does every way through the function end with return?",
    "tensor": "Turn a Tensor into an array with .numpy(), into a number with .item().",
    "array": "An array is not a single number: index it, or take .item().",
    "list": "Turn a list into an array with np.array(...).",
    "tuple": "Return one thing, not several.",
    "bool": "True and False are not numbers here.",
    "float": "Use // for whole division: / always gives a float.",
    "int": "A float is asked for: divide with /, or use float(...).",
}
