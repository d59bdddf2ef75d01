"""What learning platforms export becomes one student each; nobody gets another's marks."""

import copy
import json
import os
import zipfile

import pytest
from small_course import NAME, exercise_cells, full, hand_in, submission

from lenet_helpers.grading import batch
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.finding import LATE, find


def named(kit, name):
    """A right submission that tells whose it is."""
    notebook = copy.deepcopy(full(kit))
    notebook["cells"][0]["source"] = f"# {name}"
    return json.dumps(notebook).encode()


def lay_out(folder, files):
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def pack(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def whose(found):
    """Who handed in what, by what stands in the file, and the remarks."""
    return {
        one.student: (json.loads(one.file.content())["cells"][0]["source"].removeprefix("# "), *one.remarks)
        for one in found.submissions
        if one.file
    }


def exports(kit):
    """Exports of anna and bert as the platforms write them; bert has handed in twice, or late."""
    anna, bert, early = named(kit, "anna"), named(kit, "bert"), named(kit, "early")
    moodle = {
        f"Anna Muster_12345_assignsubmission_file_/{NAME}.ipynb": anna,
        "Anna Muster_12345_assignsubmission_onlinetext_/onlinetext.html": b"<p>Hello</p>",
        f"Bert Müller_54321_assignsubmission_file_/{NAME}.ipynb": bert,
        f"__MACOSX/Bert Müller_54321_assignsubmission_file_/._{NAME}.ipynb": b"x",
    }
    people = {"Anna Muster_12345": ("anna",), "Bert Müller_54321": ("bert",)}
    flat = {name.replace("_/", "_"): content for name, content in moodle.items() if not name.startswith("__")}
    canvas = {
        f"musteranna_12345_67890_{NAME}-1.ipynb": anna,
        f"musteranna_12345_6788_{NAME}.ipynb": early,
        f"müllerbert_LATE_54321_67891_{NAME}.ipynb": bert,
    }
    head = "HW1_{}_attempt_2026-01-{}-10-00-00{}"
    blackboard = {
        head.format("anna1", "01", f"_{NAME}.ipynb"): early,
        head.format("anna1", "02", f"_{NAME}.ipynb"): anna,
        head.format("anna1", "02", ".txt"): b"Name: Anna Muster (anna1)",
        head.format("bert1", "01", f"_{NAME}.ipynb"): bert,
    }
    return {
        "moodle": (moodle, people),
        "moodle, flat": (flat, people),
        "canvas": (canvas, {"musteranna_12345": ("anna",), "müllerbert_54321": ("bert", LATE)}),
        "blackboard": (blackboard, {"anna1": ("anna",), "bert1": ("bert",)}),
    }


@pytest.mark.parametrize("platform", ["moodle", "moodle, flat", "canvas", "blackboard"])
@pytest.mark.parametrize("way", ["as it is", "in one folder", "packed", "packed, in the folder"])
def test_each_platform_is_read_as_it_exports(kit, tmp_path, platform, way):
    files, expected = exports(kit)[platform]
    if way == "as it is":
        place = lay_out(tmp_path / "class", files)
    elif way == "in one folder":
        lay_out(tmp_path / "class" / "HW1 export", files)
        place = tmp_path / "class"
    else:
        place = pack(tmp_path / "class" / "export.zip", files)
        place = place if way == "packed" else place.parent
    assert whose(find(place, kit.lessons)) == expected


def test_an_attempt_that_does_not_count_is_named(kit, tmp_path):
    lay_out(tmp_path, exports(kit)["canvas"][0])
    (line,) = find(tmp_path, kit.lessons).strays
    assert line.startswith(f"musteranna_12345/{NAME}.ipynb: not graded, because {NAME}.ipynb is")


def test_who_handed_in_no_notebook_is_named_with_what_came(kit, tmp_path):
    lay_out(tmp_path / "moodle", {"Anna_1_assignsubmission_onlinetext_/onlinetext.html": b"x"})
    lay_out(tmp_path / "blackboard", {"HW1_anna_attempt_2026-01-01-10-00-00.txt": b"x"})
    (moodle,), (blackboard,) = (find(tmp_path / one, kit.lessons).strays for one in ("moodle", "blackboard"))
    assert moodle == "Anna_1: handed in no notebook, only onlinetext.html"
    assert blackboard == "anna: handed in no notebook, only HW1_anna_attempt_2026-01-01-10-00-00.txt"


def test_archives_inside_of_an_export_are_read(kit, tmp_path):
    inner = {who: pack(tmp_path / f"{who}.zip", {f"mine/{NAME}.ipynb": named(kit, who)}) for who in ("anna", "bert")}
    members = {f"{who}_{at}_7_hw.zip": path.read_bytes() for at, (who, path) in enumerate(inner.items(), start=1)}
    members["carl_3_8_hw.zip"] = b"no archive"
    place = pack(tmp_path / "class" / "submissions.zip", members)
    found = find(place, kit.lessons)
    assert whose(found) == {
        "anna_1": ("anna", "lies in the archive anna_1_7_hw.zip"),
        "bert_2": ("bert", "lies in the archive bert_2_7_hw.zip"),
    }
    assert any("carl_3_8_hw.zip: not opened: the archive is damaged" in line for line in found.strays)


def test_an_archive_in_an_archive_that_grows_is_not_opened(kit, tmp_path):
    bomb = pack(tmp_path / "bomb.zip", {f"{NAME}.ipynb": bytes(2**24)}).read_bytes()
    place = pack(tmp_path / "class" / "anna" / "all.zip", {"inner.zip": bytes(2**24) + bomb})
    (line,) = find(place.parents[1], kit.lessons).strays
    assert "inner.zip: not opened: it would unpack to more than 20 times its size" in line


def test_group_folders_are_taken_apart(kit, tmp_path):
    for who, group in {"anna": "Gruppe A", "bert": "Gruppe A", "carla": "Gruppe B"}.items():
        hand_in(tmp_path / "class" / group, who, named(kit, who))
    hand_in(tmp_path / "class" / "Gruppe B", "dora", named(kit, "dora"))
    assert whose(find(tmp_path / "class", kit.lessons)) == {who: (who,) for who in ("anna", "bert", "carla", "dora")}


def test_a_course_folder_with_its_environment_is_one_submission(kit, tmp_path):
    course = tmp_path / "anna" / "lenet-course"
    hand_in(course, "notebooks", named(kit, "anna"))
    hand_in(course, "solutions", json.dumps(submission(kit)).encode())
    hand_in(course / "venv" / "lib", "site", named(kit, "the environment's"))
    (course / "venv" / "pyvenv.cfg").write_text("")
    hand_in(course / "conda", "share", named(kit, "another environment's"))
    (course / "conda" / "conda-meta").mkdir()
    (course / "conda" / "conda-meta" / "history").write_text("")
    (course / "RELEASE.json").write_text("{}")
    (course / "lenet_helpers").mkdir()
    found = find(tmp_path, kit.lessons)
    assert whose(found) == {"anna": ("anna", "lies in the folder notebooks")}
    assert [line.partition(":")[0] for line in found.strays] == [f"anna/lenet-course/solutions/{NAME}.ipynb"]
    files = {str(path.relative_to(course)): path.read_bytes() for path in course.rglob("*") if path.is_file()}
    files |= {f"venv/lib/{number}.py": b"" for number in range(6000)}  # more than any archive may hold
    pack(tmp_path / "packed" / "anna" / "course.zip", files)
    assert whose(find(tmp_path / "packed", kit.lessons)) == {"anna": ("anna", "lies in the archive course.zip")}


TWO_PEOPLE = {
    "in one folder": [f"class/anna_{NAME}.ipynb", f"class/bert_{NAME}.ipynb"],
    "in folders of one folder": [f"hw1/anna/{NAME}.ipynb", f"hw1/bert/{NAME}.ipynb", f"carl/{NAME}.ipynb"],
    "in two groups": [f"Group 1/anna/{NAME}.ipynb", f"Group 1/bert/{NAME}.ipynb", f"Group 2/anna/{NAME}.ipynb",
                      f"Group 2/carl/{NAME}.ipynb"],
    "under one last name": [f"HW1_{who}_m_attempt_2026-01-01-10-00-00_{NAME}.ipynb" for who in ("anna", "bert")],
}  # fmt: skip


@pytest.mark.parametrize("case", TWO_PEOPLE)
def test_two_peoples_files_under_one_name_are_refused(kit, tmp_path, case):
    lay_out(tmp_path, {path: named(kit, path) for path in TWO_PEOPLE[case]})
    with pytest.raises(GradingError, match=r"two people's files under one name: .*anna.*a folder of their own"):
        find(tmp_path, kit.lessons)


def test_an_archive_of_each_student_is_enough(kit, tmp_path):
    pack(tmp_path / "class" / "anna.zip", {f"{NAME}.ipynb": named(kit, "anna")})
    pack(tmp_path / "class" / "hand-in-bert.zip", {f"{NAME}.ipynb": named(kit, "bert"), "hand-in.txt": b"complete"})
    hand_in(tmp_path / "class", "team_3_2026_hw", named(kit, "team"))  # not Canvas's: that exports no folders
    assert {who: what[0] for who, what in whose(find(tmp_path / "class", kit.lessons)).items()} == {
        "anna": "anna", "bert": "bert", "team_3_2026_hw": "team"}  # fmt: skip
    hand_in(tmp_path / "class", "anna", named(kit, "another anna"))
    with pytest.raises(GradingError, match=r"anna is the name of 2 folders, anna and anna\.zip"):
        find(tmp_path / "class", kit.lessons)


def test_nobody_can_hand_in_for_another(kit, tmp_path):
    lay_out(tmp_path, exports(kit)["moodle"][0])
    forged = f"Bert Müller_54321_assignsubmission_file_/{NAME}.ipynb"
    lay_out(tmp_path / "Anna Muster_12345_assignsubmission_file_", {forged: named(kit, "forged")})
    pack(tmp_path / "Anna Muster_12345_assignsubmission_file_" / "all.zip", {forged: named(kit, "forged")})
    assert whose(find(tmp_path, kit.lessons))["Bert Müller_54321"] == ("bert",)


def test_of_several_attempts_the_newest_that_was_worked_on_counts(kit, tmp_path):
    for name, content, when in (("old", named(kit, "old"), 1e9), ("new", named(kit, "new"), 1.1e9),
                                ("untouched", json.dumps(submission(kit)).encode(), 1.2e9)):  # fmt: skip
        os.utime(hand_in(tmp_path / "anna", f"{name} version", content), (when, when))
    assert whose(find(tmp_path, kit.lessons)) == {"anna": ("new", "lies in the folder new version")}


def test_a_module_of_the_students_own_travels_with_the_notebook(kit, tmp_path):
    begin = "import my_utils, tools.more"
    notebook = json.dumps(full(kit, begin=begin)).encode()
    files = {f"{NAME}.ipynb": notebook, "my_utils.py": b"x = 1", "tools/more.py": b"y = 2", "unrelated.py": b"z = 3",
             "lenet_helpers.py": b"check = print"}  # fmt: skip
    lay_out(tmp_path / "plain" / "anna", files)
    pack(tmp_path / "packed" / "anna" / "all.zip", files)
    lay_out(tmp_path / "canvas", {f"anna_1_{at}_{name.replace('/', '_')}": content
                                  for at, (name, content) in enumerate(files.items())})  # fmt: skip
    for layout, expected in (("plain", {"my_utils.py", "tools/more.py"}), ("packed", {"my_utils.py", "tools/more.py"}),
                             ("canvas", {"my_utils.py"})):  # fmt: skip
        (task,) = batch._tasks(find(tmp_path / layout, kit.lessons).submissions)
        assert {path for path, _ in task.modules} == expected and dict(task.modules)["my_utils.py"] == b"x = 1"
    assert exercise_cells(full(kit), "01-split-grade")
