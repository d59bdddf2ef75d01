"""Print the mutation table: every planted mistake against `check` and against the grade cell.

    python tools/mutants.py [EXERCISE...]

Planted are the answers in tests/answers/ and the mistakes that the exercises know, each given
to `check` and put into the place of the solution before the solved notebook's grade cell,
hidden tests and all. The last columns are right answers in other styles.

A second table (alone with --fresh) judges the hints by the attempts in tests/answers/fresh/; of
its hands the third had not seen the hints. A hint names the mistake, or is the exercise's general one, or is about
something else, and then it misleads. With --show each attempt that is not named is printed.

The exit status is 1 where a mistake passes, a right answer does not, or too few hints fit.
"""

import argparse
import ast
import contextlib
import copy
import dataclasses
import io
import os
import re
import sys
import types
import warnings

from lenet_helpers.exercises import NAMES, check, exercise
from lenet_helpers.exercises.checking import check_exercise
from lenet_helpers.exercises.running import Endless, everything_put_back, run_each
from lenet_helpers.grading.intake.needed import needed_cells
from lenet_helpers.grading.solved import flag, solved_notebooks
from lenet_helpers.system.paths import COURSE
from lenet_helpers.system.programs import run_program

FEWEST_MISTAKES, FEWEST_STYLES, FEWEST_HINTS = 4, 2, 0.9
FEWEST_NAMED, MOST_MISLEADING = 0.85, 0.02
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

    def among_its_names(self, function):
        """Return the function as if it had been written in a cell of this notebook."""
        return types.FunctionType(function.__code__, self._names, function.__name__, function.__defaults__)

    def passes(self, name, function, *, with_check=True):
        """Whether the grade cell of an exercise lets a function pass; without `check`, by its own tests alone."""
        names = {key: _own(value) for key, value in self._names.items()}
        names[self.functions[name]] = function
        # Recognising a mistake takes most of a check's time, and changes no verdict.
        asked = dataclasses.replace(exercise(name), mistakes=[])
        names["check"] = lambda _, given: not with_check or check_exercise(asked, given, SECONDS, None)

        def execute(source):
            with contextlib.redirect_stdout(None):  # it says that it passed
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


def kind_of_hint(name, pattern, function):
    """Return how the check met an attempt, in a word, and its verdict."""
    verdict = check(name, function, seed=SEED)
    if pattern is None:
        return "right" if verdict else "right refused", verdict
    if verdict:
        return "wrong accepted", verdict
    if re.search(pattern, verdict.hint, re.IGNORECASE | re.DOTALL):
        return "named", verdict
    general = exercise(name).hints[0], "It gives the same for every input"
    return "general" if verdict.hint.startswith(general) or not verdict.hint else "misleading", verdict


def fresh_table(chosen, lessons, show):
    """Print the second table, a line for each hand, and return its problems."""
    from answers.fresh import HANDS, attempts_of

    kinds = ("named", "general", "misleading", "wrong accepted", "right", "right refused")
    print("\nfresh attempts  " + "".join(f"{kind:>16}" for kind in kinds))
    problems = []
    for hand in HANDS:
        counts = dict.fromkeys(kinds, 0)
        for name, pattern, function in attempts_of(hand):
            if name in chosen:
                with everything_put_back():
                    kind, verdict = kind_of_hint(name, pattern, lessons[name[:2]].among_its_names(function))
                counts[kind] += 1
                if show and kind not in ("named", "right"):
                    print(f"{kind}, line {function.__code__.co_firstlineno} of {hand}: {verdict.text}\n")
        wrong = sum(counts[kind] for kind in kinds[:4]) or 1
        shares = [
            f"{count} ({count / wrong:.0%})" if at < 4 else str(count) for at, count in enumerate(counts.values())
        ]
        print(f"{hand:<16}" + "".join(f"{share:>16}" for share in shares), flush=True)
        few, many = counts["named"] < FEWEST_NAMED * wrong, counts["misleading"] > MOST_MISLEADING * wrong
        if few or many or counts["wrong accepted"] or counts["right refused"]:
            problems.append(f"the attempts of hand {hand}: too few are named, or too many are met wrongly")
    return problems


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exercises", nargs="*", choices=[*NAMES, []], help="default: all")
    parser.add_argument("--show", action="store_true", help="print the fresh attempts whose hint does not name them")
    parser.add_argument("--fresh", action="store_true", help="only the second table")
    options = parser.parse_args(arguments)
    chosen = options.exercises or NAMES
    # More threads wait for each other in so small a network. All this counts because torch comes later.
    os.environ |= {"LENET_DATA": "sample", "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "LENET_PROGRESS": "off"}
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(COURSE / "tests"))
    from answers import RIGHT, WRONG

    notebooks = {name[:2]: notebook for name, notebook in solved_notebooks().items()}
    with everything_put_back():
        lessons = {lesson: Lesson(notebooks[lesson]) for lesson in sorted({name[:2] for name in chosen})}
    if options.fresh:
        problems = fresh_table(chosen, lessons, options.show)
        print("\n".join(problems))
        return 1 if problems else 0
    rows = []
    print("                       mistakes  refused by                      the hint     other styles accepted by")
    print("exercise                planted  check  grade cell  its own tests  meant  |  written  check  grade cell")
    for name in chosen:
        with everything_put_back():
            row = row_of(name, lessons[name[:2]], RIGHT.get(name, []), WRONG.get(name, []))
        rows.append(row)
        _show(row)
    total = Row("all", *(sum(getattr(row, field) for row in rows) for field in list(vars(Row("x")))[1:]))
    _show(total)
    problems = [problem for row in rows for problem in row.problems()] + fresh_table(chosen, lessons, options.show)
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
