"""What a committed notebook breaks of the course's rules.

The rules are those of CONTRIBUTING: executed from top to bottom, nothing that only one
computer has, figures that are described, headings that nest, exercises that nbgrader and
the course's own tools can read.
"""

import copy
import re
import warnings

import nbformat
from lessons import WIDGET_VIEW

from lenet_helpers.exercises.solution_regions import SOLUTION

MOST_LINES = 12
BEGIN, END = SOLUTION


def problems_in(notebook):
    """Return what is wrong with `notebook`, as sentences that name the cell; empty when nothing is.

    Parameters
    ----------
    notebook : NotebookNode

    Returns
    -------
    list of str
    """
    broken_format = list(format_problems(notebook))
    if broken_format:
        return broken_format  # the other rules could trip over it
    rules = (
        execution_problems,
        output_problems,
        widget_problems,
        path_problems,
        figure_problems,
        heading_problems,
        formula_problems,
        exercise_problems,
        assignment_problems,
        length_problems,
    )
    return [problem for rule in rules for problem in rule(notebook)]


def format_problems(notebook):
    """The notebook is valid, in format 4.5, and every cell has an id of its own."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nbformat.validate(copy.deepcopy(notebook))  # which repairs what it can: not the original
    except nbformat.ValidationError as error:
        yield f"the notebook's format is not valid: {str(error).splitlines()[0]}"
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        yield "the notebook's format is older than 4.5: cells have no ids"
    seen = set()
    for number, cell in enumerate(notebook.cells, 1):
        if cell.get("id") in seen:
            yield f"cell {number}: its id {cell.get('id')} is taken by an earlier cell"
        seen.add(cell.get("id"))


def execution_problems(notebook):
    """Every code cell was executed, from top to bottom, in one go."""
    expected = 0
    for number, cell in _code_cells(notebook):
        if not cell.source.strip():
            yield f"cell {number}: a code cell without code"
            continue
        expected += 1
        if cell.execution_count != expected:
            yield f"cell {number}: execution count {cell.execution_count}, not {expected}"


def output_problems(notebook):
    """No cell ended in an error or wrote to standard error, as warnings do."""
    for number, cell in _code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"cell {number}: ended in {output.ename}: {output.evalue}"
            elif output.output_type == "stream" and output.name == "stderr":
                yield f"cell {number}: has a warning or other text on standard error"
            elif re.search(r"\w*Warning: ", _text_of(output)):
                yield f"cell {number}: shows a warning"


def widget_problems(notebook):
    """Nothing that only a running kernel can show."""
    if "widgets" in notebook.metadata:
        yield "the notebook's metadata holds widget state"
    for number, cell in _code_cells(notebook):
        if any(WIDGET_VIEW in output.get("data", {}) for output in cell.outputs):
            yield f"cell {number}: holds the view of a widget"
        if "execution" in cell.metadata:
            yield f"cell {number}: its metadata holds the times of its execution"


_ABSOLUTE_PATH = re.compile(
    r"(?<![\w.:/~<])/(?:home|Users|root|tmp|work|mnt|usr|opt|var|private|workspace|content)/[\w.-]+"
    r"|\b[A-Za-z]:\\{1,2}\w+|(?<!\w)file://"
)


def path_problems(notebook):
    """No path that exists on one computer only, in code, text or outputs."""
    for number, cell in enumerate(notebook.cells, 1):
        texts = [cell.source, *(_text_of(output) for output in cell.get("outputs", ()))]
        if found := next(filter(None, map(_ABSOLUTE_PATH.search, texts)), None):
            yield f"cell {number}: an absolute path, {found.group()}"


def figure_problems(notebook):
    """Every picture among the outputs is described, right after it, in a cell that starts with *Figure:."""
    cells = notebook.cells
    for number, cell in _code_cells(notebook):
        if not any(kind.startswith("image/") for output in cell.outputs for kind in output.get("data", {})):
            continue
        after = cells[number] if number < len(cells) else None
        if after is None or after.cell_type != "markdown" or not re.match(r"\*Figure: \w", after.source):
            yield f"cell {number}: its picture is not described; start the next cell with *Figure: ...*"
    for number, cell in _markdown_cells(notebook):
        text = _without_code(cell.source)
        if re.search(r"!\[\s*\]\(", text) or re.search(r"<img(?![^>]*\salt=[\"'][^\"']+)[^>]*>", text):
            yield f"cell {number}: a picture without alt text"


def heading_problems(notebook):
    """One title, in the first cell, and below it no level skipped."""
    level, titles = 0, 0
    for number, cell in _markdown_cells(notebook):
        for marks, text in re.findall(r"(?m)^(#{1,6})[ \t]+(.*\S)", _without_code(cell.source)):
            if len(marks) > level + 1:
                yield f"cell {number}: the heading “{text}” skips a level"
            if len(marks) == 1:
                titles += 1
                if number != 1:
                    yield f"cell {number}: the title “{text}” is not in the first cell"
            level = len(marks)
    if titles != 1:
        yield f"the notebook has {titles} titles (headings of level 1), not one"


def formula_problems(notebook):
    """No TeX: the pages of make run are read without a network, and without the script that shows it."""
    for number, cell in _markdown_cells(notebook):
        if formula := re.search(r"(?<![\\$])\$(?=\S)[^$\n]+(?<=\S)\$|\$\$", _without_code(cell.source)):
            yield f"cell {number}: a formula in TeX, {formula.group()}; write it as `code` or with Unicode"


def exercise_problems(notebook):
    """Solution and grade cells are as nbgrader (schema 3) has them, each solution with a grade cell."""
    seen, unchecked = set(), None
    for number, cell in enumerate(notebook.cells, 1):
        marks = cell.metadata.get("nbgrader")
        has_markers = cell.cell_type == "code" and (BEGIN in cell.source or END in cell.source)
        if marks is None:
            if has_markers:
                yield f"cell {number}: solution markers in a cell without nbgrader metadata"
            continue
        where = f"cell {number} ({marks.get('grade_id', 'no grade_id')})"
        if marks.get("schema_version") != 3:
            yield f"{where}: nbgrader schema version {marks.get('schema_version')}, not 3"
        flags = [marks.get(flag) for flag in ("grade", "solution", "locked", "task")]
        if not all(isinstance(flag, bool) for flag in flags):
            yield f"{where}: grade, solution, locked and task must each be true or false"
        if not re.fullmatch(r"[\w-]+", str(marks.get("grade_id", ""))):
            yield f"{where}: the grade_id is missing, or holds other than letters, digits, - and _"
        elif marks.grade_id in seen:
            yield f"{where}: the grade_id is taken by an earlier cell"
        seen.add(marks.get("grade_id"))

        solution, grade = marks.get("solution"), marks.get("grade")
        if solution and cell.cell_type == "code":
            yield from _marker_problems(where, cell.source)
            if unchecked:
                yield f"{unchecked}: no grade cell before the next solution cell"
            unchecked = None if grade else where
        elif has_markers:
            yield f"{where}: solution markers in a cell that is not a solution cell"
        if grade:
            points = marks.get("points")
            if isinstance(points, bool) or not isinstance(points, int | float) or points <= 0:
                yield f"{where}: a grade cell needs points, more than 0"
            if not solution:
                if not marks.get("locked"):
                    yield f"{where}: a grade cell must be locked"
                if cell.cell_type != "code" or not cell.source.strip():
                    yield f"{where}: a grade cell must hold code"
                if not unchecked:
                    yield f"{where}: no solution cell before this grade cell"
                unchecked = None
        elif "points" in marks:
            yield f"{where}: points in a cell that is not a grade cell"
    if unchecked:
        yield f"{unchecked}: no grade cell follows this solution cell"


_ASSIGNMENT = {
    "what it returns": r"(?i)\breturns?\b",
    "a shape or a type": r"\bshape\b|`(int|float|bool|str)`|`nn\.\w+`",
    "a prediction to write down (**Predict:** ... ? ...)": r"\*\*Predict:\*\* \S[^*]*\.\.\.",
    "a hint (**Hint:**)": r"\*\*Hint:\*\* \S",
}


def assignment_problems(notebook):
    """Before each solution stands what is asked: signature, result, shapes or types, a prediction, a hint."""
    text = ""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            text = cell.source
        function = re.search(r"(?m)^def (\w+\([^)]*\))", cell.source)
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or not marks.get("solution") or not function:
            continue
        where = f"cell {number} ({marks.get('grade_id', 'no grade_id')})"
        if f"`{function[1]}`" not in text:
            yield f"{where}: the text before it does not state `{function[1]}`"
        for what, pattern in _ASSIGNMENT.items():
            if not re.search(pattern, text):
                yield f"{where}: the text before it does not state {what}"


def length_problems(notebook):
    """A code cell outside the exercises can be read at a glance."""
    for number, cell in _code_cells(notebook):
        lines = len(cell.source.strip().splitlines())
        if lines > MOST_LINES and "nbgrader" not in cell.metadata:
            yield f"cell {number}: {lines} lines of code, more than {MOST_LINES}"


def _marker_problems(where, source):
    lines = [line.strip() for line in source.splitlines()]
    markers = [line for line in lines if line in (BEGIN, END)]
    if not markers or markers != [BEGIN, END] * (len(markers) // 2):
        yield f"{where}: a solution cell needs {BEGIN} and {END}, in turn, each on a line of its own"
    elif any(not any(lines[start + 1 : end]) for start, end in _blocks(lines)):
        yield f"{where}: nothing between {BEGIN} and {END}"


def _blocks(lines):
    starts = [i for i, line in enumerate(lines) if line == BEGIN]
    ends = [i for i, line in enumerate(lines) if line == END]
    return zip(starts, ends, strict=True)


def _code_cells(notebook):
    return [(number, cell) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]


def _markdown_cells(notebook):
    return [(number, cell) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "markdown"]


def _without_code(markdown):
    return re.sub(r"(?ms)^(```|~~~).*?^\1|`[^`\n]+`", "", markdown)


def _text_of(output):
    """All text of an output; pictures hold none."""
    if output.output_type == "stream":
        return output.text
    return "\n".join(str(value) for kind, value in output.get("data", {}).items() if not kind.startswith("image/"))
