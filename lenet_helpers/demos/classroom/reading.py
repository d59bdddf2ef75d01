"""What the network makes of a class's digits: one model, in a thread of its own.

It loads the model while tablets come in already. Digits that came meanwhile are read then, and those of earlier runs.
"""

import base64
import io
import math
from concurrent.futures import ThreadPoolExecutor

import cv2

from lenet_helpers.demos.classroom.network import Network, parts_apart
from lenet_helpers.preparation.judging import judge, steps_of
from lenet_helpers.preparation.steps import prepare
from lenet_helpers.system.errors import CourseError

AT_ONCE = 8
"""So many digits are read together, before anybody else has a turn: a strip that somebody wants explained."""


class Reader:
    """One model in one thread; everything asked of it waits its turn there.

    Parameters
    ----------
    model : path
    """

    def __init__(self, model):
        self._model = model
        self._thread = ThreadPoolExecutor(1, "reader")
        self._network = None

    def load(self):
        """Return a future of what the tablets' own network is made of: the JSON of `network_for_page` and the pad."""
        return self._thread.submit(self._load)

    def read(self, files):
        """Return a future of (digit, confidence) for each file; None for one that holds nothing to read."""
        return self._thread.submit(self._read, files)

    def explain(self, file):
        """Return a future of the steps from a file to what the network sees: dicts of name, sentence and picture."""
        return self._thread.submit(self._explain, file)

    def close(self):
        """Drop what has not begun, and wait for what has."""
        self._thread.shutdown(cancel_futures=True)

    def _load(self):
        cv2.setNumThreads(1)
        made_of, for_tablets = parts_apart(self._model)
        self._network = Network(*made_of)
        return for_tablets

    def _read(self, files):
        try:
            best = [readings[0].probabilities for readings in judge(self._network.logits, list(map(prepare, files)))]
        except (CourseError, OSError):  # one is blank, damaged, or removed meanwhile
            return [None] if len(files) == 1 else [self._read([file])[0] for file in files]
        return [(int(row.argmax()), round(float(row.max()), 4)) for row in best]

    def _explain(self, file):
        return [
            {"name": step.name, "sentence": step.sentence, "picture": _data_address(step.picture)}
            for step in steps_of(judge(self._network.logits, [prepare(file)])[0])
        ]


class Results:
    """Counts of what was read, as the board shows them."""

    def __init__(self):
        self.readings = {}  # Key to (label, digit or None, confidence)

    def add(self, key, label, read):
        digit, confidence = read or (None, 0.0)
        self.readings[key] = (label, digit, confidence)

    def remove(self, writer):
        """Forget the digits of a writer; return their keys."""
        gone = [key for key in self.readings if key.writer == writer]
        for key in gone:
            del self.readings[key]
        return gone

    def summary(self):
        """Count, accuracy with its standard error (None for nothing), and the confusion matrix: rows are labels.

        A picture in which the network found nothing counts as a mistake, and stands in no column.
        """
        matrix = [[0] * 10 for _ in range(10)]
        for label, digit, _ in self.readings.values():
            if digit is not None:
                matrix[label][digit] += 1
        count, right = len(self.readings), sum(matrix[digit][digit] for digit in range(10))
        share = right / count if count else None
        error = math.sqrt(share * (1 - share) / count) if count else None
        writers = len({key.writer for key in self.readings})
        return {"count": count, "writers": writers, "accuracy": share, "error": error, "matrix": matrix}


def _data_address(pixels):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
