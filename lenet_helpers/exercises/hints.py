"""Help in three stages. The solution is read from the solved notebook, its only source."""

import json
import textwrap

from lenet_helpers.exercises.solution_regions import SOLUTION, regions
from lenet_helpers.exercises.verdicts import wrapped
from lenet_helpers.system.paths import COURSE


class Hint(str):
    """A text that a notebook and a terminal show as it is, without quotes and with its lines."""

    __slots__ = ()

    def __repr__(self):
        return wrapped(self)


class Solution(Hint):
    """The same for code, whose lines stay whole."""

    __slots__ = ()
    __repr__ = str.__str__


def staged_hint(exercise, stage):
    """Return the hint, the worked step or the solution of `exercise` (see `hint`)."""
    if stage == 1 or stage == 2:
        return Hint(exercise.hints[stage - 1])
    if stage == 3:
        return Solution(_solution(exercise.name) or f"The instructor's copy holds the solution of {exercise.name}.")
    raise ValueError(f"stage {stage!r}: 1 is a hint, 2 a worked step, 3 the full solution")


def _solution(name):
    """Return what stands between the solution markers in the notebook of exercise `name`, or None.

    A student's copy has none in notebooks/; one for self-learners has the solved notebooks in solutions/.
    """
    notebooks = f"{name[:2]}_*.ipynb"
    for path in [*sorted((COURSE / "notebooks").glob(notebooks)), *sorted((COURSE / "solutions").glob(notebooks))]:
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            for cell in cells:
                if cell["metadata"].get("nbgrader", {}).get("grade_id") == f"{name}-solution":
                    lines = [line for region in regions("".join(cell["source"]), SOLUTION) for line in region]
                    if lines:
                        return textwrap.dedent("\n".join(lines)).strip("\n")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # a notebook that can't be read holds no solution for us
    return None
