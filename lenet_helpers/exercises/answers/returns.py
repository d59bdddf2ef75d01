"""What an exercise asks of a result: a number, a pair or an array; and what is wrong with another one."""

import numpy as np

from lenet_helpers.exercises.results import Problem, agree, show, show_number


class Number:
    """Asks for one int or one float; Python's or NumPy's, never a bool."""

    def __init__(self, kind):
        self.kind = kind

    def problem(self, got, expected):
        if got.kind != self.kind:
            wanted = "an int" if self.kind == "int" else "a float"
            near = got.kind in ("int", "float") and abs(got.numbers - expected.numbers) < 1
            advice = _NEAR_ADVICE[got.kind] if near else _type_advice(got)
            return Problem("the type", f"{wanted}, {show(expected)}", described(got), advice)
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
            return Problem(
                "the type",
                wanted,
                described(got),
                f"Two values are asked for, as a tuple: end with return {', '.join(self.names)}",
            )
        for name, one, other in zip(self.names, got.data, expected.data, strict=True):
            problem = Number(self.kind).problem(one, other)
            if problem and problem.property == "the value":
                return Problem(f"the value of {name}", show(expected), show(got), problem.advice)
            if problem:
                return Problem(f"the type of {name}", problem.expected, problem.got, problem.advice)
        return None


class Array:
    """Asks for a NumPy array of one dtype, or of "float" or "int": any of the family."""

    def __init__(self, dtypes):
        self.dtypes = dtypes

    def problem(self, got, expected):
        if got.kind != "array":
            return Problem("the type", f"a NumPy array of {self.dtypes}", described(got), _type_advice(got))
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


def _type_advice(got):
    return _TYPE_ADVICE.get(got.kind) or _TYPE_ADVICE.get(got.type_name, "")


_NEAR_ADVICE = {
    "float": "Use // for whole division: / always gives a float.",
    "int": "A float is asked for: divide with /, or use float(...).",
}
_TYPE_ADVICE = {
    "None": "Does every way through the function end with return? Where there is no number, nan is one: float('nan').",
    "tensor": "Turn a Tensor into an array with .numpy(), into a number with .item().",
    "array": "An array is not a single number: index it, or take .item().",
    "list": "Turn a list into an array with np.array(...).",
    "tuple": "Return one thing, not several.",
    "bool": "True and False are not numbers here.",
    "str": "That is text. Return the number itself: no quotes and no str(...); int(...) makes one of text.",
    "Image": "That is a picture of PIL. Return the array: np.asarray(...) makes one of a picture.",
    "Size": ".shape gives the length of each side. Multiply them for a count; .numel() does that.",
    "builtin_function_or_method": "A method is returned and not called: brackets are missing behind its name.",
    "generator": "That is a loop that has not run. Put it into brackets: np.array([...]).",
}
