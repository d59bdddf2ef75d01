"""An `Answer` as JSON: what one process did, for another that judges it.

The other side may lie, and may send anything at all. So nothing here is unpickled, and what
is read is held to the forms that `freeze` writes.
"""

import base64
import json
import math

import numpy as np

from lenet_helpers.exercises.reading_source import LONGEST
from lenet_helpers.exercises.results import Answer, Outcome, Result

MOST_BYTES = 32 * 2**20
"""An answer that is longer as JSON is not read."""

_SCALARS = {"int": "iu", "float": "f", "bool": "b"}
_ARRAYS = {"array": "biuf", "tensor": "biuf"}
_SEQUENCES = ("tuple", "list")
_PLAIN = ("None", "other")
_LONGEST_TEXT = 2000


class WireError(ValueError):
    """What was sent is no answer."""


def pack_answer(answer):
    """Return an `Answer` as one line of JSON, bytes.

    A result too large to be sent becomes one of the kind "other", which no exercise asks for.
    """
    line = _line_of(answer, _pack_result)
    return line if len(line) <= MOST_BYTES else _line_of(answer, lambda result: _pack_result(_too_large(result)))


def unpack_answer(line):
    """Return the `Answer` in a line of JSON; raises `WireError`, which says why and holds nothing of what was sent."""
    if len(line) > MOST_BYTES:
        raise WireError("it is too long")
    try:
        fields = json.loads(line)
        return Answer(
            outcomes=[_unpack_outcome(outcome) for outcome in _a(list, fields["outcomes"])],
            missing=_text(fields["missing"]),
            stranger=_text(fields["stranger"]),
            endless=_a(bool, fields["endless"]),
            stopped=_a(bool, fields["stopped"]),
            source=_a(str, fields["source"])[:LONGEST],
            borrowed=tuple(_text(name) for name in _a(list, fields["borrowed"])),
        )
    except WireError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, MemoryError) as error:
        raise WireError(f"it is not in the form of an answer ({type(error).__name__})") from None


def _line_of(answer, pack):
    fields = {
        "missing": answer.missing,
        "stranger": answer.stranger,
        "endless": answer.endless,
        "stopped": answer.stopped,
        "source": answer.source,
        "borrowed": list(answer.borrowed),
        "outcomes": [
            {
                "parts": {name: pack(result) for name, result in outcome.parts.items()},
                "error": outcome.error,
                "report": outcome.report,
                "damaged": list(outcome.damaged),
                "shared": bool(outcome.shared),
            }
            for outcome in answer.outcomes
        ],
    }
    return json.dumps(fields).encode() + b"\n"


def _too_large(result):
    return Result("other", f"{result.type_name}, too large to be compared")


def _pack_result(result):
    packed = {"kind": result.kind, "type": result.type_name}
    if isinstance(result.data, tuple):
        packed["items"] = [_pack_result(item) for item in result.data]
    elif isinstance(result.data, np.ndarray):
        data = np.ascontiguousarray(result.data)
        data = data.astype(data.dtype.newbyteorder("<"), copy=False)
        packed |= {
            "dtype": data.dtype.str,
            "shape": list(result.data.shape),
            "data": base64.b64encode(data.tobytes()).decode(),
        }
    return packed


def _unpack_outcome(fields):
    error = fields["error"]
    return Outcome(
        parts={_text(name): _unpack_result(result) for name, result in _a(dict, fields["parts"]).items()},
        error=None if error is None else _text(error),
        report=_text(fields["report"]),
        damaged=tuple(_text(name) for name in _a(list, fields["damaged"])),
        shared=_a(bool, fields["shared"]),
    )


def _unpack_result(fields, depth=0):
    kind, name = _text(fields["kind"]), _text(fields["type"])
    if kind in _PLAIN:
        return Result(kind, name)
    if kind in _SEQUENCES and depth < 20:
        items = _a(list, fields["items"])
        return Result(kind, name, tuple(_unpack_result(item, depth + 1) for item in items))
    if kind in _SCALARS or kind in _ARRAYS:
        array = _unpack_array(fields, (_SCALARS | _ARRAYS)[kind])
        if kind in _SCALARS and array.ndim:
            raise WireError("a number has a shape")
        return Result(kind, name, array)
    raise WireError("a result is of no known kind")


def _unpack_array(fields, kinds):
    dtype = np.dtype(_a(str, fields["dtype"]))
    shape = tuple(_a(int, side) for side in _a(list, fields["shape"]))
    data = base64.b64decode(_a(str, fields["data"]), validate=True)
    if dtype.kind not in kinds or dtype.hasobject or dtype.subdtype or dtype.itemsize > 16:
        raise WireError("an array is of another dtype than it may be")
    if len(shape) > 32 or any(side < 0 for side in shape) or math.prod(shape) * dtype.itemsize != len(data):
        raise WireError("an array has another size than it says")
    array = np.frombuffer(data, dtype=dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))  # a copy of its own, that can be written to


def _a(kind, value):
    if type(value) is not kind:
        raise WireError(f"there is no {kind.__name__} where one belongs")
    return value


def _text(value):
    return _a(str, value).encode("utf-8", "replace").decode()[:_LONGEST_TEXT]
