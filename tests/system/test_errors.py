"""The course's own errors."""

import ast

import pytest

from lenet_helpers import CheckpointError, DataError, ImageError, ModelError
from lenet_helpers.demos.server import DemoError
from lenet_helpers.fitting.distributed import DistributedError
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.preparation.folder import FolderError
from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.paths import COURSE

FOR_THE_READER = [
    CheckpointError, DataError, DemoError, DistributedError, FolderError, GradingError, ImageError, ModelError,
]  # fmt: skip


@pytest.mark.parametrize("error", FOR_THE_READER, ids=lambda error: error.__name__)
def test_what_a_reader_meets_is_a_course_error_and_a_value_error(error):
    assert issubclass(error, CourseError) and issubclass(error, ValueError)


def test_whatever_is_called_an_error_in_the_package_is_a_course_error():
    caught_inside = {"WireError"}
    found = {
        node.name: [ast.unparse(base) for base in node.bases]
        for path in (COURSE / "lenet_helpers").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    }
    assert found.keys() >= {error.__name__ for error in FOR_THE_READER}
    others = {name for name, bases in found.items() if bases != ["CourseError"]}
    assert others == {"CourseError"} | caught_inside
