"""Pictures found by a fuzzer: Hypothesis looks for a file, or for pixels, that must not happen.

`damaged_pictures` damages files in the ways that somebody thought of. Here Hypothesis
puts edits together and learns from each outcome: it goes on from what took longest, and
cuts whatever it finds down to the smallest example of it.
"""

import tempfile
from collections import Counter

import numpy as np
from hypothesis import HealthCheck, Phase, given, note, target
from hypothesis import seed as start_from
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks.reliability.cases import measured, problems_of
from benchmarks.reliability.damaged_pictures import (
    ALLOWED,
    LARGEST_MEGABYTES,
    LONGEST_SECONDS,
    judged,
    read,
    warm_classifier,
)
from benchmarks.reliability.mutations import seeds
from benchmarks.report import table

EXAMPLES = 5_000


def edited_files():
    """Strategy for bytes: a small whole picture after one to six edits.

    An edit puts up to 40 other bytes in the place of a stretch of the file. Both may be
    empty, so it also inserts and deletes.
    """
    place = st.floats(0, 1)
    edit = st.tuples(st.sampled_from(["anywhere", "in the header"]), place, st.integers(0, 40), st.binary(max_size=40))
    edits = st.lists(edit, min_size=1, max_size=6)
    return st.builds(_edited, st.sampled_from(sorted(seeds())), edits)


def _edited(name, edits):
    content = bytearray(seeds()[name])
    for where, place, length, replacement in edits:
        start = round(place * min(len(content), 64 if where == "in the header" else len(content)))
        content[start : start + length] = replacement
    return bytes(content)


def pixel_arrays():
    """Strategy for arrays of uint8: gray, gray with alpha, RGB or RGBA; mostly even, with odd pixels anywhere."""
    side = st.one_of(st.integers(1, 40), st.sampled_from([28, 64, 100]))
    shape = st.tuples(side, side).flatmap(
        lambda sides: st.sampled_from([sides, (*sides, 3), (*sides, 4), (*sides, 1), (*sides, 2)])
    )
    return shape.flatmap(lambda shape: arrays(np.uint8, shape, fill=st.integers(0, 255)))


def measure(settings):
    """Search among files, then among pixels; return what was found."""
    from lenet_helpers.system.devices import thread_limit

    classifier = warm_classifier()
    rows, failures = [], []
    with tempfile.TemporaryDirectory() as folder, thread_limit(1):
        searches = {
            "bytes of a file": (edited_files(), lambda content: read(classifier, content, "bytes", folder)),
            "pixels of an array": (pixel_arrays(), lambda pixels: read_pixels(classifier, pixels)),
        }
        for name, (strategy, attempt) in searches.items():
            outcomes = Counter()
            try:
                search(strategy, attempt, outcomes, settings.size(EXAMPLES, 60), settings.seed)
            except Exception as error:
                failures.append(f"{name}: {error} {' '.join(getattr(error, '__notes__', []))}"[:2000])
            rows.append([name, outcomes["digit"] + outcomes["ImageError"], outcomes["digit"], outcomes["ImageError"]])
    return {"rows": rows, "failures": failures}


def search(strategy, attempt, outcomes, examples, seed=0):
    """Let Hypothesis try `examples` cases of a strategy; `outcomes` counts them.

    `attempt` takes a case and gives what `damaged_pictures.read` gives. AssertionError says that a case must not be;
    its note holds the smallest one that was found.
    """

    @start_from(seed)
    @hypothesis_settings(
        max_examples=examples,
        database=None,  # nothing is kept between runs, so each begins alike
        deadline=None,
        phases=[Phase.generate, Phase.target, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def attempt_all(one):
        result = attempt(one)
        outcomes[result["outcome"]] += 1
        note(f"with {one!r}")
        target(result["seconds"], label="seconds of processor time")
        problems = list(problems_of(result, ALLOWED, LONGEST_SECONDS, LARGEST_MEGABYTES))
        assert not problems, "; ".join(problems)

    attempt_all()


def read_pixels(classifier, pixels):
    """Prepare and read an array, as `damaged_pictures.read` does a file.

    What `to_mnist` gives has to be in MNIST's form, with ink: a blank picture is an error.
    """
    from lenet_helpers import ImageError, to_mnist

    def attempt():
        prepared = to_mnist(pixels)
        if prepared.shape != (28, 28) or prepared.dtype != np.uint8 or not prepared.any():
            return "other error", f"to_mnist gave {prepared.dtype} of shape {prepared.shape}, {prepared.max()} at most"
        return judged(classifier.predict(pixels))

    return measured(attempt, ImageError)


def show(result):
    rows = [(what, *(f"{count:,}" for count in counts)) for what, *counts in result["rows"]]
    return f"""
Hypothesis puts edits of whole picture files together, and arrays of pixels; it goes on from what took longest, and
cuts what it finds down to the smallest example. Allowed: a digit or an `ImageError`, {LONGEST_SECONDS:.0f} s,
{LARGEST_MEGABYTES} MB.

{table(["searched among", "tried", "digit", "ImageError"], rows)}
"""
