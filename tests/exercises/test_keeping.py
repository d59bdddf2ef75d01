"""What `check` said is remembered, and nothing that goes wrong with its file is lost or disturbs a check."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest

from lenet_helpers import check, progress
from lenet_helpers.cli import main as cli
from lenet_helpers.exercises import NAMES, keeping
from lenet_helpers.exercises.catalogue import LESSONS, POINTS, number_of
from lenet_helpers.exercises.keeping import CLEAN_RUNS, EXERCISES, FILE, SWITCH, note
from lenet_helpers.grading.handing_in import NOT_YET, RIGHT, Ran, note_for_progress
from lenet_helpers.system.paths import COURSE


def parameters(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size**2 + 1)


def unwritten():
    raise NotImplementedError()


def forget(monkeypatch):
    """As after a restart of Python."""
    monkeypatch.setattr(keeping, "_own", {EXERCISES: {}, CLEAN_RUNS: {}})


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course folder of one's own, in which progress is kept."""
    forget(monkeypatch)
    monkeypatch.delenv(SWITCH)
    monkeypatch.setattr(keeping, "COURSE", tmp_path)
    monkeypatch.setattr(keeping, "INSTALLED", False)
    return tmp_path


def test_what_was_checked_is_there_after_a_restart_as_it_was_checked_last(course, monkeypatch):
    assert check("02-parameters", parameters) and not check("02-output-size", parameters)
    assert not check("02-network", unwritten)
    forget(monkeypatch)
    lesson = progress("02").lessons[0]
    assert lesson.exercises == {
        "02-output-size": False, "02-parameters": True, "02-convolution": None, "02-network": None
    }  # fmt: skip
    assert (lesson.right, lesson.open) == (1, "2.1 (not right yet), 2.3, 2.4")
    check("02-parameters", abs)
    forget(monkeypatch)
    assert progress("02_architecture").lessons[0].exercises["02-parameters"] is False


def test_the_first_open_exercise_is_named_and_then_the_hand_in(course):
    for name in NAMES:
        assert progress().next == f"Next: exercise {number_of(name)}, {name}, in {lesson_of(name)}.ipynb."
        note(EXERCISES, name, True)
    assert progress().next.startswith("All is right. Next, in a terminal: lenet hand-in runs it")
    assert "lenet hand-in notebooks/03_training.ipynb runs it" in progress("03").next
    for lesson, names in LESSONS.items():
        note_for_progress(Ran(course / f"{lesson}.ipynb", exercises=dict.fromkeys(names, RIGHT)))
    assert progress().next == "All is right, in a clean run as well: hand in what lenet hand-in has packed."


def lesson_of(name):
    return next(lesson for lesson, names in LESSONS.items() if name in names)


def test_text_and_table_say_the_same(course):
    note(EXERCISES, "01-split", True)
    note(EXERCISES, "01-normalise", False)
    exercises = {"01-normalise": NOT_YET, "01-split": RIGHT, "01-mean-digit": NOT_YET}
    note_for_progress(Ran(course / "01_data.ipynb", exercises=exercises, broken="cell 3 <&>"))
    text, table = str(progress()), progress()._repr_html_()
    assert "01_data          1 of 3   2 of 6   does not run, 1 of 3 right  1.1 (not right yet), 1.3\n" in text
    assert "all              1 of 18  2 of 36\nNext: exercise 1.1, 01-normalise, in 01_data.ipynb." in text
    assert text.isascii() and all(line == line.rstrip() for line in text.splitlines())
    words = " ".join(re.sub("<[^>]+>", " ", table).split())
    assert words.startswith(
        "notebook exercises points last clean run 01_data ✗ 1.1 ✓ 1.2 ○ 1.3 2 of 6 does not run, 1 of"
    )
    assert "all 1 of 18 right 2 of 36 Next: exercise 1.1" in words
    assert table.count("✓") == table.count("✗") == 1 and table.count("○") == len(NAMES) - 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[]", b"{}", b'"x"', b"[" * 9999, b'{"exercises": [], "clean_runs": {}}',
     b'{"exercises": {"01-split": true}, "clean_runs": {}}', b'{"exercises": {"01-split": {}}, "clean_runs": {}}',
     b'{"exercises": {"01-split": {"right": 1, "said": "", "at": ""}}, "clean_runs": {}}'],
)  # fmt: skip
def test_a_broken_or_foreign_file_stays_as_it_is_and_is_named(course, content):
    (course / FILE).write_bytes(content)
    assert check("02-parameters", parameters)
    assert (course / FILE).read_bytes() == content
    standing = progress()
    assert f"{FILE} is not what the course keeps" in standing.remark and standing.remark in str(standing)
    assert "move it away" in standing._repr_html_() and standing.lessons[1].right == 1
    (course / FILE).rename(course / "away")
    assert check("02-output-size", lambda size, kernel_size, stride, padding: 0).right is False
    assert set(json.loads((course / FILE).read_bytes())[EXERCISES]) == {"02-parameters", "02-output-size"}
    assert progress().remark == ""


def test_what_a_later_version_keeps_beside_it_is_not_lost(course):
    (course / FILE).write_text('{"exercises": {}, "clean_runs": {}, "notes": [1]}')
    note(EXERCISES, "01-split", True)
    assert json.loads((course / FILE).read_bytes())["notes"] == [1]


def test_a_folder_that_can_not_be_written_disturbs_no_check(course, monkeypatch, capfd):
    monkeypatch.setattr(keeping, "written_whole", unwritable)
    assert check("02-parameters", parameters) and check("02-parameters", parameters)
    assert capfd.readouterr() == ("", "") and not (course / FILE).exists()
    assert progress("02").lessons[0].right == 1 and "can't be written" in progress("02").remark
    (course / FILE).mkdir()
    assert check("02-parameters", parameters) and "can't be read" in progress("02").remark


def unwritable(path):
    raise PermissionError(13, "Permission denied", str(path))


def test_two_notebooks_at_once_keep_what_both_have_checked(course):
    code = (
        "import sys; from pathlib import Path; from lenet_helpers.exercises import keeping\n"
        "keeping.COURSE, keeping.INSTALLED = Path(sys.argv[1]), False\n"
        "for at in range(40): keeping._own['exercises'].clear(); keeping.note('exercises', f'{sys.argv[2]}-{at}', True)"
    )
    environment = {name: value for name, value in os.environ.items() if name != SWITCH}
    command = [sys.executable, "-c", code, str(course)]
    both = [subprocess.Popen([*command, name], cwd=COURSE, env=environment) for name in "ab"]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    assert set(json.loads((course / FILE).read_bytes())[EXERCISES]) == {f"{x}-{n}" for x in "ab" for n in range(40)}


def test_nothing_is_kept_where_it_is_switched_off_or_solutions_are_run(course, monkeypatch):
    (course / "solutions").mkdir()
    monkeypatch.chdir(course / "solutions")
    check("02-parameters", parameters)
    monkeypatch.chdir(course)
    monkeypatch.setenv(SWITCH, "off")
    check("02-output-size", parameters)
    assert {path.name for path in course.iterdir()} == {"solutions"}
    assert [one.lesson for one in progress().lessons] == ["02_architecture"], "only what this Python has checked"
    monkeypatch.delenv(SWITCH)
    assert len(progress().lessons) == len(LESSONS)


def test_an_installed_course_keeps_it_in_the_users_folder(course, monkeypatch):
    monkeypatch.setattr(keeping, "INSTALLED", True)
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: course / "home" / "lenet-mnist")
    note(EXERCISES, "01-split", True)
    assert (course / "home" / "lenet-mnist" / FILE).is_file() and not (course / FILE).exists()


def test_a_lesson_that_is_none_is_refused(capsys):
    with pytest.raises(ValueError, match="no lesson '06'; the lessons are 01_data, 02"):
        progress("06")
    with pytest.raises(SystemExit) as stop:
        cli.main(["progress", "06"])
    assert stop.value.code == 2 and "06 is none of 01_data" in capsys.readouterr().err


def test_the_command_prints_the_text_or_json(course, capsys):
    note(EXERCISES, "03-step", True)
    with pytest.raises(SystemExit) as stop:
        cli.main(["progress"])
    assert stop.value.code == 0 and capsys.readouterr().out == f"{progress()}\n"
    with pytest.raises(SystemExit):
        cli.main(["progress", "03", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["lessons"][0]["exercises"] == {"03-step": True, "03-learning-rate": None, "03-early-stopping": None}
    assert said["points"] == POINTS and said["next"] == progress("03").next and said["remark"] == ""


def test_lessons_numbers_and_points_are_those_of_the_notebooks():
    for lesson, names in LESSONS.items():
        cells = nbformat.read(COURSE / "notebooks" / f"{lesson}.ipynb", as_version=4).cells
        marks = [cell.metadata.get("nbgrader", {}) for cell in cells]
        graded = [(mark["grade_id"], mark["points"]) for mark in marks if mark.get("grade")]
        assert graded == [(f"{name}-grade", POINTS) for name in names]
        headings = re.findall(r"(?m)^### Exercise (\d\.\d) ", "\n".join(cell.source for cell in cells))
        assert headings == [number_of(name) for name in names]
