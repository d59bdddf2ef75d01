"""What comes back is read, recognised and mended, whatever happened to it; nothing is executed here."""

import copy
import dataclasses
import json
import os
import subprocess
import sys
import zipfile

import nbformat
import numpy as np
import pytest
from small_course import NAME, exercise_cells, full, hand_in, submission

from lenet_helpers.exercises import NAMES, exercise
from lenet_helpers.exercises.reading_source import RETURN_IN_LOOP
from lenet_helpers.exercises.verdicts import verdict_on
from lenet_helpers.exercises.wire import unpack_answer
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.finding import find
from lenet_helpers.grading.intake.handed_in import contents_of
from lenet_helpers.grading.intake.mending import MOST_MEGABYTES, Unreadable, mend, read, release_in
from lenet_helpers.grading.intake.needed import effects, free_names, needed_cells
from lenet_helpers.grading.kit import open_kit, unpack_kit
from lenet_helpers.system.paths import COURSE

GRADES = ["01-split-grade", "01-normalise-grade"]


def mended(kit, notebook):
    """Through a file's bytes, as in earnest."""
    read_back, remarks = read(json.dumps(notebook).encode())
    clean, more = mend(read_back, kit.lessons[NAME])
    return clean, remarks + more


def ids_of(notebook):
    return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]


def graded(kit, grade_id):
    return next(cell for cell in kit.lessons[NAME] if cell.grade_id == grade_id)


def test_an_unchanged_order_stays_and_grade_cells_get_their_hidden_tests(kit):
    clean, remarks = mended(kit, full(kit))
    assert remarks == []
    assert [one for one in ids_of(clean) if one] == [cell.grade_id for cell in kit.lessons[NAME]]
    for grade_id in GRADES:
        cell = clean.cells[ids_of(clean).index(grade_id)]
        assert "### BEGIN HIDDEN TESTS" in cell.source and cell.metadata.nbgrader.points == 2
    assert len({cell.id for cell in clean.cells}) == len(clean.cells)
    nbformat.validate(clean)


@pytest.mark.parametrize("metadata", [None, [], "x", {"lenet": []}, {"lenet": {"release": 7}}, {}])
def test_a_stamp_of_any_other_form_is_none(metadata):
    assert release_in({"metadata": metadata}) is None


def change(function):
    """Make a broken submission from a right one."""

    def changed(kit):
        notebook = copy.deepcopy(full(kit))
        function(notebook, notebook["cells"], lambda grade_id: exercise_cells(notebook, grade_id)[0])
        return notebook

    return changed


def _split(notebook, cells, at):
    one = cells[at("01-split-solution")]
    first, _, rest = one["source"].partition("\n    return")
    cells.insert(at("01-split-solution") + 1, {**one, "id": "half", "source": "    return" + rest})
    one["source"] = first


BROKEN = {
    "deleted grade cell": (
        lambda nb, cells, at: cells.pop(at("01-split-grade")),
        "cell 01-split-grade is missing; put back",
    ),
    "deleted solution cell": (
        lambda nb, cells, at: cells.pop(at("01-split-solution")),
        "cell 01-split-solution is missing",
    ),
    "duplicated grade cell": (
        lambda nb, cells, at: cells.append(dict(cells[at("01-split-grade")])),
        "cell 01-split-grade is there 2 times",
    ),
    "duplicated solution cell": (
        lambda nb, cells, at: cells.append(dict(cells[at("01-split-solution")])),
        "cell 01-split-solution is there 2 times",
    ),
    "split cell": (_split, "cell 01-split-solution is there 2 times"),
    "reordered": (lambda nb, cells, at: cells.insert(0, cells.pop(at("01-split-grade"))), "another order"),
    "reversed": (lambda nb, cells, at: cells.reverse(), "another order"),
    "retyped solution": (
        lambda nb, cells, at: cells[at("01-split-solution")].update(cell_type="markdown"),
        "cell 01-split-solution was turned into markdown; turned back",
    ),
    "retyped grade cell": (
        lambda nb, cells, at: cells[at("01-split-grade")].update(cell_type="raw"),
        "cell 01-split-grade was turned into raw; turned back",
    ),
    "edited grade cell": (
        lambda nb, cells, at: cells[at("01-split-grade")].update(source="pass"),
        "cell 01-split-grade was edited; restored",
    ),
    "more points": (
        lambda nb, cells, at: cells[at("01-split-grade")]["metadata"]["nbgrader"].update(points=100),
        None,
    ),
    "another kernel": (
        lambda nb, cells, at: nb["metadata"].update(kernelspec={"name": "ir", "language": "R"}),
        "was made for the kernel 'ir'",
    ),
    "a tag that skips": (
        lambda nb, cells, at: cells[at("01-split-grade")]["metadata"].update(tags=["skip-execution"]),
        None,
    ),
    "no ids": (lambda nb, cells, at: [cell.pop("id") for cell in cells], None),
    "same ids": (lambda nb, cells, at: [cell.update(id="x") for cell in cells], None),
    "odd cells": (lambda nb, cells, at: cells.extend([None, 3, {}, {"cell_type": "x"}, {"metadata": 3}]), None),
    "odd metadata": (lambda nb, cells, at: nb.update(metadata=[1]), None),
    "half a character": (lambda nb, cells, at: cells[0].update(source="\ud800"), None),
    "lines as a list": (
        lambda nb, cells, at: cells[1].update(source=cells[1]["source"].splitlines(keepends=True)),
        None,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_way_to_break_a_notebook_is_mended_and_named(kit, name):
    function, expected = BROKEN[name]
    clean, remarks = mended(kit, change(function)(kit))
    assert (expected is None and not remarks) or any(expected in remark for remark in remarks), remarks
    ids = ids_of(clean)
    assert sorted(one for one in ids if one in GRADES) == sorted(GRADES)  # each once
    for grade_id in GRADES:
        cell = clean.cells[ids.index(grade_id)]
        assert cell.source == graded(kit, grade_id).source
        assert cell.metadata.nbgrader.points == 2 and "tags" not in cell.metadata and cell.cell_type == "code"
        solution = grade_id.replace("grade", "solution")
        if solution in ids:
            assert ids.index(solution) < ids.index(grade_id)
    assert len([one for one in ids if one]) == len({one for one in ids if one})
    nbformat.validate(clean)


def test_a_split_cell_keeps_both_halves_before_its_grade_cell(kit):
    clean, _ = mended(kit, change(_split)(kit))
    at = ids_of(clean).index("01-split-solution")
    assert clean.cells[at + 1].source.startswith("    return")
    assert at + 1 < ids_of(clean).index("01-split-grade")


def test_the_last_of_duplicated_answers_counts(kit):
    notebook = full(kit)
    better = copy.deepcopy(notebook["cells"][exercise_cells(notebook, "01-split-solution")[0]])
    notebook["cells"].append({**better, "source": "# a second try"})
    clean, _ = mended(kit, notebook)
    assert clean.cells[-2].source == "# a second try" and ids_of(clean)[-1] == "01-split-grade"


UNREADABLE = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n", "the file is empty"),
    "not JSON": (b"{'cells': []}", "not valid JSON"),
    "cut off": (b'{"cells": [', "not valid JSON"),
    "deep": (b"[" * 100_000, "not valid JSON"),
    "half merged": (
        b'{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> mine\n}',
        r"a merge that was not finished \(<<<<<<< HEAD, line 2\)",
    ),
    "not text": (b"\xff\xfe\x00{", "not text in UTF-8"),
    "a list": (b"[1, 2]", "JSON, but not a notebook"),
    "other JSON": (b'{"a": 1}', "JSON, but not a notebook"),
    "no cells": (b'{"nbformat": 4}', "no list of cells"),
    "future": (b'{"nbformat": 9, "cells": []}', "format 9"),
    "odd old": (b'{"nbformat": 3, "worksheets": 7}', "old format can't be read"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_can_not_be_read_says_why(name):
    content, expected = UNREADABLE[name]
    with pytest.raises(Unreadable, match=expected):
        read(content)


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch):
    monkeypatch.setattr("lenet_helpers.grading.intake.mending.MOST_MEGABYTES", 0)
    with pytest.raises(Unreadable, match="more than 0 MB"):
        read(b'{"cells": []}')
    assert MOST_MEGABYTES >= 100  # 50 MB of outputs are no reason to refuse


def test_old_formats_and_a_byte_order_mark_are_read(kit):
    old = nbformat.convert(nbformat.from_dict(full(kit)), 3)
    clean, remarks = mended(kit, old)
    assert any("notebook format 3" in remark for remark in remarks)
    assert [one for one in ids_of(clean) if one] == [cell.grade_id for cell in kit.lessons[NAME]]
    assert read(b"\xef\xbb\xbf" + json.dumps(full(kit)).encode())[0]["cells"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_is_read_and_named(kit, encoding):
    content = json.dumps(full(kit)).encode(encoding)
    notebook, remarks = read(content if encoding == "utf-16" else b"\xff\xfe" + content)
    assert notebook["cells"] and remarks == ["is in UTF-16, as some editors and shells write; read all the same"]


def test_marks_of_a_merge_inside_of_a_cell_are_named(kit):
    _, remarks = mended(kit, full(kit, split="x = 1\n<<<<<<< HEAD\n    y = 1\n>>>>>>> other"))
    assert remarks == ["cell 01-split-solution holds marks of a merge that was not finished (<<<<<<< HEAD, line 3)"]


def test_fifty_megabytes_of_outputs_are_left_out(kit):
    notebook = full(kit)
    notebook["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * (50 * 2**20)}]
    clean, remarks = mended(kit, notebook)
    assert remarks == ["has 50 MB; its outputs were left out"]
    assert len(json.dumps(clean)) < 20_000


# --- which file is what -----------------------------------------------------------------


def found(folder, kit):
    result = find(folder, kit.lessons)
    return {one.student: (one.file and one.file.name, *one.remarks) for one in result.submissions}, result.strays


def test_files_are_recognised_by_name_or_cells(kit, tmp_path):
    notebook = full(kit)
    hand_in(tmp_path, "anna", notebook)
    hand_in(tmp_path, "bert", notebook, f"{NAME} (1).ipynb")
    hand_in(tmp_path, "carla", notebook, "homework.ipynb")
    hand_in(tmp_path / "dora", "notebooks", notebook)
    hand_in(tmp_path, "emil", b"", "Lesson 01.ipynb")
    hand_in(tmp_path, "fritz", b"", "holiday.ipynb")
    (tmp_path / "gerd").mkdir()
    hand_in(tmp_path, "hans", notebook)
    hand_in(tmp_path, "hans", notebook, f"{NAME}-Copy1.ipynb")
    hand_in(tmp_path / "hans", ".ipynb_checkpoints", notebook)
    (tmp_path / "notes.txt").write_text("")
    by_student, strays = found(tmp_path, kit)
    assert by_student == {
        "anna": (f"{NAME}.ipynb",),
        "bert": (f"{NAME} (1).ipynb", f"is named {NAME} (1).ipynb; graded as {NAME}, whose cells it has"),
        "carla": ("homework.ipynb", f"is named homework.ipynb; graded as {NAME}, whose cells it has"),
        "dora": (f"{NAME}.ipynb", "lies in the folder notebooks"),
        "emil": ("Lesson 01.ipynb", f"is named Lesson 01.ipynb; graded as {NAME}, for its number"),
        "fritz": (None,),
        "gerd": (None,),
        "hans": (f"{NAME}.ipynb",),
    }
    assert strays == [
        "notes.txt: lies beside the students' folders; put it into one",
        "fritz/holiday.ipynb: not graded, because neither its name nor its cells say which notebook it is",
        "gerd: handed in no notebook",
        f"hans/{NAME}-Copy1.ipynb: not graded, because {NAME}.ipynb is and holds the same",
    ]


def zipped(folder, name, **members):
    """Put a zip archive into a folder: names of members, and their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


def test_notebooks_in_a_zip_archive_are_read_out_of_it(kit, tmp_path):
    notebook = json.dumps(full(kit)).encode()
    members = {
        f"Übung/{NAME}.ipynb": notebook,
        f"__MACOSX/Übung/._{NAME}.ipynb": b"x",
        f"Übung/.ipynb_checkpoints/{NAME}-checkpoint.ipynb": notebook,
    }
    zipped(tmp_path / "Änne Müller_4711_assignsubmission_file", "Abgabe für Übung 1.ZIP", **members)
    (student,) = find(tmp_path, kit.lessons).submissions
    assert student.student == "Änne Müller_4711"
    assert student.file.content() == notebook and student.remarks == ("lies in the archive Abgabe für Übung 1.ZIP",)
    assert find(tmp_path, kit.lessons).strays == []
    assert [path.name for path in tmp_path.rglob("*.ipynb")] == []  # nothing was unpacked


def test_archives_that_can_not_be_opened_are_named(kit, tmp_path, monkeypatch):
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "all.zip").write_bytes(b"PK\x03\x04 cut off")
    (tmp_path / "anna" / "all.7z").write_bytes(b"")
    whole = zipped(tmp_path / "bert", "all.zip", **{f"{NAME}.ipynb": json.dumps(full(kit))})
    content = bytearray(whole.read_bytes())
    content[60:90] = bytes(30)  # inside the member: found only when it is read
    whole.write_bytes(content)
    (tmp_path / "carla").mkdir()
    (tmp_path / "carla" / "all.zip").symlink_to(whole)
    locked = bytearray(zipped(tmp_path / "dora", "all.zip", **{f"{NAME}.ipynb": "{}"}).read_bytes())
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1  # says that it is encrypted
    (tmp_path / "dora" / "all.zip").write_bytes(locked)
    zipped(tmp_path / "emil", "all.zip", **{f"{number}.txt": "" for number in range(3)})
    monkeypatch.setattr("lenet_helpers.grading.intake.handed_in.MOST_MEMBERS", 2)
    found = find(tmp_path, kit.lessons)
    told = "\n".join(found.strays)
    assert "anna/all.zip: not opened: the archive is damaged" in told and "anna/all.7z: an archive of this kind" in told
    assert "carla/all.zip: not opened: it is a link" in told
    assert "emil/all.zip: not opened: it holds more than 2 files" in told
    by_student = {one.student: one.file for one in found.submissions}
    with pytest.raises(Unreadable, match="damaged"):
        by_student["bert"].content()
    with pytest.raises(Unreadable, match="password"):
        by_student["dora"].content()


def test_a_zip_bomb_is_read_no_further_than_any_other_file(kit, tmp_path, monkeypatch):
    monkeypatch.setattr("lenet_helpers.grading.intake.handed_in.MOST_MEGABYTES", 1)
    zipped(tmp_path / "anna", "all.zip", **{f"{NAME}.ipynb": bytes(50 * 2**20)})
    (anna,) = find(tmp_path, kit.lessons).submissions
    assert len(anna.file.content()) == 2**20 + 1


def test_of_two_attempts_the_report_says_which_counts(kit, tmp_path):
    better = full(kit)
    better["cells"][0]["source"] = "# Second attempt"
    hand_in(tmp_path, "anna", b"", f"{NAME}.ipynb")  # what can be read goes before what has the right name
    hand_in(tmp_path, "anna", better, f"{NAME} (1).ipynb")
    hand_in(tmp_path / "bert", "1. Abgabe", full(kit))
    hand_in(tmp_path / "bert", "2. Abgabe", better)
    by_student, strays = found(tmp_path, kit)
    assert by_student["anna"][0] == f"{NAME} (1).ipynb" and by_student["bert"][1] == "lies in the folder 2. Abgabe"
    assert strays[0].startswith(f"anna/{NAME}.ipynb: not graded, because {NAME} (1).ipynb is; to have this one graded")
    assert strays[1].startswith(f"bert/1. Abgabe/{NAME}.ipynb: not graded, because 2. Abgabe/{NAME}.ipynb is; to have")


def test_a_notebook_under_the_name_of_another_is_told_by_its_cells(kit, tmp_path):
    others = tuple(dataclasses.replace(cell, grade_id=f"02-{cell.grade_id}") for cell in kit.lessons[NAME])
    hand_in(tmp_path, "anna", full(kit), "02_other.ipynb")
    hand_in(tmp_path, "bert", {"nbformat": 4, "cells": []}, "02_other.ipynb")  # no cells that say anything
    handed_in = {
        (one.student, one.notebook): one.remarks
        for one in find(tmp_path, {**kit.lessons, "02_other": others}).submissions
        if one.file
    }
    assert handed_in == {
        ("anna", NAME): (f"is named 02_other.ipynb; graded as {NAME}, whose cells it has",),
        ("bert", "02_other"): (),
    }


def test_what_is_no_notebook_is_named_where_none_came(kit, tmp_path):
    (tmp_path / "anna").mkdir()
    for name in ("answers.pdf", "answers.py", "answers.docx"):
        (tmp_path / "anna" / name).write_text("")
    hand_in(tmp_path, "bert", full(kit))
    (tmp_path / "bert" / "notes.txt").write_text("")
    _, strays = found(tmp_path, kit)
    assert strays == ["anna: handed in no notebook, only answers.docx, answers.pdf, answers.py"]


def test_a_folder_with_the_name_of_a_notebook_is_not_opened(kit, tmp_path):
    (tmp_path / "carla" / f"{NAME}.ipynb").mkdir(parents=True)
    assert found(tmp_path, kit) == ({"carla": (None,)}, ["carla: handed in no notebook"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in a folder, and links need rights")
def test_links_and_pipes_are_not_opened(kit, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(full(kit)))
    class_ = tmp_path / "class"
    for student in ("anna", "bert"):
        (class_ / student).mkdir(parents=True)
    (class_ / "anna" / f"{NAME}.ipynb").symlink_to(secret)
    os.mkfifo(class_ / "bert" / f"{NAME}.ipynb")
    (class_ / "dora").symlink_to(tmp_path)
    by_student, strays = found(class_, kit)
    assert by_student == {"anna": (None,), "bert": (None,)}
    assert any("anna" in stray and "a link" in stray for stray in strays)
    assert any("bert" in stray and "not a file" in stray for stray in strays)
    assert any(stray.startswith("dora: ") for stray in strays)
    with pytest.raises(OSError):
        contents_of(class_ / "anna" / f"{NAME}.ipynb")


def test_a_wrong_folder_is_said(kit, tmp_path):
    with pytest.raises(GradingError, match="is not a folder"):
        find(tmp_path / "nowhere", kit.lessons)
    with pytest.raises(GradingError, match="holds no folders"):
        find(tmp_path, kit.lessons)


# --- the kit ----------------------------------------------------------------------------


def test_a_kit_travels_as_bytes(kit):
    other = unpack_kit(kit.packed())
    assert other.folder != kit.folder and other.lessons == kit.lessons and other.fingerprint == kit.fingerprint
    assert open_kit(kit.folder) == kit


def test_the_course_that_submissions_see_holds_no_answers(kit):
    """Nothing of what each file of answers says, no hint, no grading, no notebook."""
    package = kit.course / "lenet_helpers"
    for name in ("answers", "hints.py", "grading", "*.ipynb"):
        assert not list(kit.course.rglob(name)), name
    assert (package / "exercises" / "asked").is_dir()
    seen = "\n".join(path.read_text(encoding="utf-8") for path in kit.course.rglob("*.py"))
    secret = set()
    for path in (COURSE / "lenet_helpers" / "exercises" / "answers").glob("*.py"):
        told = {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
        secret |= {line for line in told if len(line) > 45 and not line.startswith(("from ", "import "))}
    assert len(secret) > 500
    assert not secret & {line.strip() for line in seen.splitlines()}
    for name in NAMES:
        for told in (*exercise(name).hints, *(mistake.hint for mistake in exercise(name).mistakes)):
            assert told not in seen or told == RETURN_IN_LOOP  # which is true of any exercise


def test_what_submissions_see_works_without_answers(kit):
    """In a process that sees only that course: the same seed gives the same cases, and answers can be judged."""
    code = """
import sys
import numpy as np
from lenet_helpers import hint
from lenet_helpers.exercises.catalogue import NAMES, asked_by
from lenet_helpers.exercises.checking import answer_of
from lenet_helpers.exercises.wire import pack_answer
for name in NAMES:
    assert hint(name) == f"{name}: no hints while this is graded"
    cases = asked_by(name).cases(np.random.default_rng(5))
    for case in cases:
        print(name, [np.asarray(a).tolist() for a in case.arguments if isinstance(a, (int, float, list, np.ndarray))])
    print(pack_answer(answer_of(asked_by(name), lambda *_: None, cases, 60)).decode(), end="")
assert not [name for name in sys.modules if name.startswith("lenet_helpers") and name.endswith(("answers", "hints"))]
"""
    environment = {**os.environ, "PYTHONPATH": str(kit.course), "LENET_DATA": "sample"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, cwd=kit.course, capture_output=True, text=True, check=True)
    lines = iter(done.stdout.splitlines())
    for name in NAMES:
        cases = exercise(name).cases(np.random.default_rng(5))
        for case in cases:
            plain = [a for a in case.arguments if isinstance(a, int | float | list | np.ndarray)]
            assert next(lines) == f"{name} {[np.asarray(a).tolist() for a in plain]}"
        verdict = verdict_on(exercise(name), cases, unpack_answer(next(lines).encode() + b"\n"), 60)
        assert verdict.failed == "not written yet" or name == "03-step", verdict
    assert not list(lines)


# --- which cells run --------------------------------------------------------------------


def test_untouched_cells_that_nothing_needs_are_left_out(kit):
    clean, _ = mended(kit, full(kit))
    needed = needed_cells(clean.cells, kit.released[NAME])
    sources = [clean.cells[at].source for at in sorted(needed)]
    assert sources[0].startswith("import numpy") and len(sources) == 5
    assert "print('a cell that nothing needs')" not in sources
    changed = submission(kit, begin="print('mine')")
    clean, _ = mended(kit, changed)
    assert "print('mine')" in [clean.cells[at].source for at in needed_cells(clean.cells, kit.released[NAME])]


@pytest.mark.parametrize(
    ("source", "free", "defined", "changed"),
    [
        ("x = y + 1", {"y"}, {"x"}, set()),
        ("x = x + 1", {"x"}, {"x"}, set()),
        ("x += 1", {"x"}, {"x"}, set()),
        ("x = 1\nprint(x)", {"print"}, {"x"}, set()),
        ("for i in range(n):\n    z = i\n    print(z)", {"range", "n", "print"}, {"i", "z"}, set()),
        ("with open(p) as f:\n    f.read()", {"open", "p"}, {"f"}, {"f"}),
        ("def f(a, b=c):\n    t = a + g\n    return t", {"c", "g"}, {"f"}, set()),
        ("[q for q in rows if q > low]", {"rows", "low"}, set(), set()),
        ("matrix[0, 0] = v", {"matrix", "v"}, set(), {"matrix"}),
        ("model.eval()", {"model"}, set(), {"model"}),
        ("import a.b as c, d.e", set(), {"c", "d"}, set()),
        ("eval('pix' 'els')", {"eval", "pix", "els"}, set(), set()),
        ("%matplotlib inline", {"matplotlib", "inline"}, set(), set()),
    ],
)
def test_names_that_a_cell_needs_and_gives(source, free, defined, changed):
    assert free_names(source) == free
    assert effects(source) == (defined, changed)


def test_a_cell_that_changes_what_is_needed_runs():
    from nbformat.v4 import new_code_cell

    sources = ["a = [1]", "b = [2]", "a.append(3)", "b.append(3)"]
    cells = [new_code_cell(source) for source in [*sources, "mine = a"]]
    assert needed_cells(cells, set(sources)) == {0, 2, 4}
