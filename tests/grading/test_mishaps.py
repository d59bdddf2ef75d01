"""What goes wrong beside the answers is said, and costs no more than itself."""

import json

from boxes import BOX, marked, marks_of
from small_course import NAME, SPLIT, exercise_cells, full, submission
from test_grading import ALL, NONE, ONE

from lenet_helpers.grading.box import sandbox
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.submission import Job, Task, mark


def test_an_import_that_fails_in_the_first_cell_costs_nothing_and_is_named(kit):
    notebook = full(kit)
    notebook["cells"][1]["source"] = "import no_such_package as pd\n" + notebook["cells"][1]["source"]
    record = marked(kit, notebook)
    assert marks_of(record) == ALL
    assert record["remarks"] == [
        "cell [1], import no_such_package as pd, ended in ModuleNotFoundError: No module named 'no_such_package'",
        "lacks check; run again with the cells, as they were released, that give them",
    ]


def test_what_a_cell_below_hidden_tests_says_stays_untold(kit):
    notebook = full(kit)
    notebook["cells"].append({"cell_type": "code", "source": "raise ValueError(In[-2][::-1])", "metadata": {}})
    assert marked(kit, notebook)["remarks"] == ["cell [9], raise ValueError(In[-2][::-1]), ended in ValueError"]


def test_a_deleted_import_cell_costs_nothing_and_is_named(kit):
    notebook = full(kit)
    del notebook["cells"][1]
    record = marked(kit, notebook)
    assert marks_of(record) == ALL
    assert record["remarks"][-1] == "lacks check; run again with the cells, as they were released, that give them"


def test_a_name_that_no_released_cell_gives_is_still_missing(kit):
    record = marked(kit, full(kit, split="return mine(labels)"))
    assert marks_of(record) == ONE and record["remarks"] == []
    assert "name 'mine' is not defined" in record["exercises"][0]["verdict"]


def test_a_cell_that_ends_python_costs_that_cell_only(kit):
    record = marked(kit, full(kit, begin="# try\nimport os; os._exit(0)"))
    assert marks_of(record) == ALL
    assert record["remarks"] == ["cell [2], import os; os._exit(0), ends Python; run again without it"]


def test_an_answer_that_ends_python_costs_that_exercise_only(kit):
    """It does so after the check has found it right: where its grade cell is left out, that is no pass."""
    fatal = "import os\n    if list(labels) == [4, 4, 1]: os._exit(0)\n    "
    notebook = full(kit, split=fatal + SPLIT)
    own = {"cell_type": "code", "source": 'own = check("01-split", first_of_each)', "metadata": {}}
    notebook["cells"].insert(exercise_cells(notebook, "01-split-grade")[0], own)
    record = marked(kit, notebook)
    assert marks_of(record) == ONE and record["exercises"][0]["verdict"].startswith("01-split: right")
    assert record["exercises"][0]["reason"] == "the run ended before this cell was through"
    assert record["remarks"] == ['cell [6], assert check("01-split", first_of_each), ends Python; run again without it']


def test_a_module_beside_the_notebook_is_there_when_it_runs(kit):
    notebook = submission(kit, begin="from my_utils import scale", normalise="return scale(pixels)")
    module = b"import numpy as np\n\ndef scale(a):\n    return ((a / 255 - 0.5) / 0.5).astype(np.float32)\n"
    job = Job(str(kit.folder), kit.fingerprint, BOX or sandbox.NoSandbox(), Limits())
    task = Task("anna", NAME, json.dumps(notebook).encode(), (), (("my_utils.py", module),))
    record = mark(task, kit, job)
    assert marks_of(record) == {**NONE, "01-normalise": 2} and record["remarks"] == []
    assert task.digest(job) != Task("anna", NAME, task.content).digest(job)
