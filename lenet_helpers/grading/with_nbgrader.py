"""nbgrader's part: student copies and a gradebook from the solved notebooks, scores from executed ones.

nbgrader works in a folder of its own, one assignment a notebook, and changes the working
directory while it does: one call at a time in a process.
"""

import contextlib
import logging
import os
import sys
import threading
import warnings

import nbformat
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import List
from traitlets.config import Config

from lenet_helpers.grading.errors import GradingError

STUB = "# Write your code here.\nraise NotImplementedError()"

_ONE_AT_A_TIME = threading.RLock()
_GRADEBOOK = "gradebook.db"


class _Deliver(NbGraderPreprocessor):
    """Takes the place of nbgrader's `Execute`: the notebook has been executed already, in a sandbox.

    It puts in what decides the score and nothing else: an error where a grade cell failed.
    """

    failures = {}  # noqa: RUF012 - set for each call, see `autograde`

    def preprocess_cell(self, cell, resources, cell_index):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type == "code":
            cell.outputs = []
            if grade_id in self.failures:
                reason = self.failures[grade_id]
                error = {"ename": "NotPassed", "evalue": reason, "traceback": [f"NotPassed: {reason}"]}
                cell.outputs = [nbformat.v4.new_output("error", **error)]
        return cell, resources


class _Autograde(Autograde):
    autograde_preprocessors = List([_Deliver if one is Execute else one for one in Autograde().autograde_preprocessors])


def generate(notebooks, folder):
    """Make student copies of solved notebooks, and a gradebook that knows their grade cells.

    Parameters
    ----------
    notebooks : dict of str to NotebookNode
    folder : Path
        Empty; nbgrader's files go there.

    Returns
    -------
    dict of str to NotebookNode
        The student copies: solutions, hidden tests and outputs are gone.
    """
    copies = {}
    for name, notebook in notebooks.items():
        source = folder / "source" / name
        source.mkdir(parents=True)
        nbformat.write(notebook, source / f"{name}.ipynb")
        _convert(GenerateAssignment, folder, name)
        copies[name] = nbformat.read(folder / "release" / name / f"{name}.ipynb", as_version=4)
    return copies


def autograde(folder, name, student, notebook, failures):
    """Let nbgrader score an executed submission, and note it in the gradebook of `folder`.

    Parameters
    ----------
    folder : Path
        As `generate` left it, or a copy of its gradebook alone.
    name, student : str
        Of the notebook, and for the gradebook: letters, digits, - and _ only.
    notebook : NotebookNode
    failures : dict of str to str
        grade_id of each grade cell that failed, and why.

    Returns
    -------
    dict of str to tuple
        grade_id -> (score, highest score)
    """
    submitted = folder / "submitted" / student / name
    submitted.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, submitted / f"{name}.ipynb")
    with _ONE_AT_A_TIME:
        _Deliver.failures = failures
        _convert(_Autograde, folder, name, student, force=True)
        with open_gradebook(folder) as gradebook:
            submission = gradebook.find_submission_notebook(name, name, student)
            return {grade.name: (float(grade.auto_score or 0), float(grade.max_score)) for grade in submission.grades}


def enter_scores(folder, records):
    """Write the scores of many records into the gradebook of `folder`; one that was not handed in counts 0."""
    with _ONE_AT_A_TIME, nbgrader_quiet(), open_gradebook(folder) as gradebook:
        for record in records:
            name, student = record["notebook"], record["student"]
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(name, student)
            marks = {f"{exercise['exercise']}-grade": exercise["mark"] for exercise in record["exercises"]}
            for grade in gradebook.find_submission_notebook(name, name, student).grades:
                grade.auto_score, grade.needs_manual_grade = marks[grade.name], False
        gradebook.db.commit()


@contextlib.contextmanager
def open_gradebook(folder):
    """Open the gradebook in `folder`; close it afterwards."""
    with _commands_found(), Gradebook(gradebook_url(folder)) as gradebook:
        yield gradebook


def gradebook_file(folder):
    return folder / _GRADEBOOK


def gradebook_url(folder):
    return f"sqlite:///{gradebook_file(folder)}"


def _convert(converter, folder, name, student="*", **options):
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.db_url = gradebook_url(folder)
    config.ClearSolutions.code_stub = {"python": STUB}
    config.OverwriteCells.add_missing_cells = True
    course = CourseDirectory(config=config, assignment_id=name, student_id=student)
    with _ONE_AT_A_TIME, _commands_found(), nbgrader_quiet() as complaints:
        try:
            converter(coursedir=course, config=config, **options).start()
        except (Exception, SystemExit) as error:
            reasons = "; ".join([f"{type(error).__name__}: {error}", *complaints])
            raise GradingError(f"nbgrader refused {name}: {reasons}") from error


@contextlib.contextmanager
def _commands_found():
    """Put this Python's folder first on the PATH: nbgrader calls the command alembic when it makes a gradebook."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextlib.contextmanager
def nbgrader_quiet():
    """Collect nbgrader's errors instead of showing its notices: what matters is in the report."""
    complaints = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: complaints.append(record.getMessage().strip())
    logger = logging.getLogger("traitlets")
    before = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of SQLAlchemy, about nbgrader's own queries
            yield complaints
    finally:
        logger.handlers, logger.propagate = before
