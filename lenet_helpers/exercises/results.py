"""What calls did, as plain data: what they returned is copied at once into types of our own.

Nothing of the candidate's is ever asked whether it is equal: an object can answer yes to
everything. Only exact built-in, NumPy and torch types are taken for what they claim to be.
"""

from dataclasses import dataclass, field

import numpy as np

_LARGEST = 10**7  # entries; nobody needs more in an exercise
_INTS = (int, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.intc, np.longlong)
_FLOATS = (float, np.float16, np.float32, np.float64)
_BOOLS = (bool, np.bool_)
_NUMERIC = "buif"

RAISED = ", raised in line "
"""Between an exception's type and message and its place, in the report of an `Outcome`."""


@dataclass(frozen=True)
class Result:
    """A returned value, frozen."""

    kind: str  # "int", "float", "bool", "array", "tensor", "tuple", "list", "None" or "other"
    type_name: str  # such as "int64", for the reader
    data: object = None  # an array, a tuple of results, or None

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


@dataclass
class Outcome:
    """What one call did."""

    parts: dict = field(default_factory=dict)  # results by name: what it returned; for some exercises, what it changed
    error: str | None = None  # name of the exception's type, if it raised one
    report: str = ""  # the exception in words; without one, what else the reader should know. Not compared.
    damaged: tuple = ()  # names of the arguments that it changed
    shared: bool = False  # its result lies in the memory of an argument


@dataclass
class Answer:
    """What a candidate did with the cases, so that it can be judged in another process."""

    outcomes: list = field(default_factory=list)  # one for each case that was reached
    missing: str = ""  # why there is no function at all; empty when there is one
    stranger: str = ""  # what was handed over in place of a function; empty when it was one
    endless: bool = False  # the call after the last outcome did not end in time
    stopped: bool = True  # whether an endless call could be ended
    source: str = ""  # of the function, as `reading_source` has it; empty where there is none
    borrowed: tuple = ()  # names of the notebook's variables that it reads
    printed: str = ""  # the first lines of what it printed; for the reader, and not sent to another process


@dataclass(frozen=True)
class Problem:
    """What is wrong with a result: the property that failed, and both sides of it."""

    property: str
    expected: str
    got: str
    advice: str = ""
    mistake: str | None = None  # the known mistake, where only one leads to this problem


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
    """Return a mask of the entries that agree: whole numbers exactly, floats to rounding."""
    if expected.data.dtype.kind in "iub" and got.data.dtype.kind in "iub":
        return got.data == expected.data
    return close(got.numbers, expected.numbers)


def close(got, expected, relative=1e-4, absolute=1e-5):
    """Return a mask of the entries that agree to rounding. NaN agrees with NaN, infinity with itself."""
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
