"""Print the mutation table: every planted mistake against `check` and against the grade cell.

    python tools/mutants.py [EXERCISE...]

Planted are the answers in tests/answers/ and the mistakes that the exercises know, each given
to `check` and put into the place of the solution before the solved notebook's grade cell,
hidden tests and all. The last columns are right answers in other styles. The exit status is
1 where a mistake passes, a right answer does not, or fewer than nine in ten mistakes get the
hint written for them.
"""

import argparse
import ast
import contextlib
import copy
import dataclasses
import io
import os
import sys
import warnings

from lenet_helpers.exercises import NAMES, check, exercise
from lenet_helpers.exercises.checking import check_exercise
from lenet_helpers.exercises.running import Endless, everything_put_back, run_each
from lenet_helpers.grading.intake.needed import needed_cells
from lenet_helpers.grading.solved import flag, solved_notebooks
from lenet_helpers.system.paths import COURSE
from lenet_helpers.system.programs import run_program

FEWEST_MISTAKES, FEWEST_STYLES, FEWEST_HINTS = 4, 2, 0.9
SECONDS = 20
SEED = 2


@dataclasses.dataclass
class Row:
    """One line of the table; counts."""

    name: str
    mistakes: int = 0
    by_check: int = 0
    by_cell: int = 0
    by_tests: int = 0
    hinted: int = 0
    styles: int = 0
    styles_by_check: int = 0
    styles_by_cell: int = 0

    def problems(self):
        """Say what is missing, as sentences."""
        if self.mistakes < FEWEST_MISTAKES:
            yield f"{self.name}: only {self.mistakes} mistakes are planted"
        if self.by_check < self.mistakes:
            yield f"{self.name}: check lets {self.mistakes - self.by_check} mistakes pass"
        if self.by_cell < self.mistakes:
            yield f"{self.name}: the grade cell lets {self.mistakes - self.by_cell} mistakes pass"
        if self.styles < FEWEST_STYLES:
            yield f"{self.name}: only {self.styles} other styles"
        if self.styles_by_check < self.styles or self.styles_by_cell < self.styles:
            yield f"{self.name}: a right answer is refused"


class Lesson:
    """A solved notebook whose cells before the exercises have been executed here, in this process."""

    def __init__(self, notebook):
        code = {cell.source for cell in notebook.cells if cell.cell_type == "code" and "nbgrader" not in cell.metadata}
        self._names = {"__name__": "lesson"}
        self.grade_cells, self.functions = {}, {}
        needed = needed_cells(notebook.cells, code)
        for at, cell in enumerate(notebook.cells):
            if flag(cell, "grade"):
                self.grade_cells[cell.metadata.nbgrader.grade_id.removesuffix("-grade")] = cell.source
            elif flag(cell, "solution"):
                defined = next(node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef))
                self.functions[cell.metadata.nbgrader.grade_id.removesuffix("-solution")] = defined.name
            elif at in needed:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(cell.source, f"cell {at + 1}", "exec"), self._names)

    def passes(self, name, function, *, with_check=True):
        """Whether the grade cell of an exercise lets a function pass; without `check`, by its own tests alone."""
        names = {key: _own(value) for key, value in self._names.items()}
        names[self.functions[name]] = function
        # Recognising a mistake takes most of a check's time, and changes no verdict.
        asked = dataclasses.replace(exercise(name), mistakes=[])
        names["check"] = lambda _, given: not with_check or check_exercise(asked, given, SECONDS, None)

        def execute(source):
            exec(compile(source, f"{name}-grade", "exec"), names)

        try:
            run_each(execute, [self.grade_cells[name]], SECONDS)
        except (Exception, Endless):
            return False
        return True


def _own(value):
    """A copy of what a wrong answer could damage."""
    import numpy as np
    import torch

    if isinstance(value, np.ndarray) and value.dtype == object:  # the axes of a figure, which no answer gets
        return value
    return copy.deepcopy(value) if isinstance(value, np.ndarray | torch.Tensor | torch.nn.Module | list) else value


def mistakes_of(name, wrong):
    """Pairs of the name of a known mistake and a wrong answer that makes it; None where no hint was written for it."""
    known = exercise(name).mistakes
    return [*((mistake, function) for mistake, function in wrong), *((one.name, one.function) for one in known)]


def row_of(name, lesson, right, wrong):
    """Measure one exercise."""
    row = Row(name)
    hints = {mistake.name: mistake.hint for mistake in exercise(name).mistakes}
    for mistake, function in mistakes_of(name, wrong):
        verdict = check(name, function, seed=SEED)
        row.mistakes += 1
        row.by_check += not verdict
        row.by_cell += not lesson.passes(name, function)
        row.by_tests += not lesson.passes(name, function, with_check=False)
        row.hinted += mistake is not None and hints[mistake] in verdict.hint
    for function in right:
        row.styles += 1
        row.styles_by_check += bool(check(name, function, seed=SEED))
        row.styles_by_cell += lesson.passes(name, function)
    return row


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exercises", nargs="*", choices=[*NAMES, []], help="default: all")
    chosen = parser.parse_args(arguments).exercises or NAMES
    # More threads wait for each other in so small a network. All this counts because torch comes later.
    os.environ |= {"LENET_DATA": "sample", "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(COURSE / "tests"))
    from answers import RIGHT, WRONG

    notebooks = {name[:2]: notebook for name, notebook in solved_notebooks().items()}
    lessons, rows = {}, []
    print("                       mistakes  refused by                      the hint     other styles accepted by")
    print("exercise                planted  check  grade cell  its own tests  meant  |  written  check  grade cell")
    for name in chosen:
        with everything_put_back():
            if name[:2] not in lessons:
                lessons[name[:2]] = Lesson(notebooks[name[:2]])
            row = row_of(name, lessons[name[:2]], RIGHT.get(name, []), WRONG.get(name, []))
        rows.append(row)
        _show(row)
    total = Row("all", *(sum(getattr(row, field) for row in rows) for field in list(vars(Row("x")))[1:]))
    _show(total)
    problems = [problem for row in rows for problem in row.problems()]
    if total.hinted < FEWEST_HINTS * total.mistakes:
        problems.append(f"only {total.hinted / total.mistakes:.1%} of the mistakes get the hint written for them")
    print("\n" + "\n".join(problems or [f"{total.hinted / total.mistakes:.1%} get the hint written for them."]))
    return 1 if problems else 0


def _show(row):
    print(
        f"{row.name:<22}{row.mistakes:9}{row.by_check:7}{row.by_cell:12}{row.by_tests:15}{row.hinted:7}"
        f"  |{row.styles:9}{row.styles_by_check:7}{row.styles_by_cell:12}",
        flush=True,
    )


if __name__ == "__main__":
    run_program(main)
