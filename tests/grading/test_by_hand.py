"""What an instructor enters by hand stays, and counts; what is chosen alone leaves all others as they were."""

import csv
import shutil

import pytest
from small_course import NAME, full, hand_in, noting, right_record

from lenet_helpers.cli import main as cli
from lenet_helpers.grading import batch, feedback, with_nbgrader, workers
from lenet_helpers.grading.box import sandbox
from lenet_helpers.grading.by_hand import read_adjustments, with_marks_by_hand
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.finding import LATE

SPLIT, NORMALISE = "01-split", "01-normalise"


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def run(kit, course, tmp_path, monkeypatch):
    """A function that grades anna, bert and Zoë with made-up marks, and returns the summary and who was run."""
    for student in ("anna", "bert", "Zoë"):
        hand_in(tmp_path / "class", student, full(kit))
    (tmp_path / "marks").mkdir()
    shutil.copytree(kit.folder, tmp_path / "marks" / "kit")

    def grade(**options):
        seen = []
        monkeypatch.setattr(workers, "attempt", noting(seen, lambda task, job: right_record(task, job, NORMALISE)))
        summary = batch.grade(
            tmp_path / "class", tmp_path / "marks.csv", sandbox=sandbox.NoSandbox(), course=course, **options
        )
        return summary, seen

    return grade


def enter(folder, student, cell, **values):
    """What the form grader does."""
    with with_nbgrader.open_gradebook(folder) as gradebook:
        notebook = gradebook.find_submission_notebook(NAME, NAME, student)
        (one,) = [one for one in (*notebook.grades, *notebook.comments) if one.name == cell]
        for name, value in values.items():
            setattr(one, name, value)
        gradebook.db.commit()


def test_scores_and_comments_in_the_gradebook_stay_and_count(run, kit, tmp_path):
    run()
    marks = tmp_path / "marks"
    enter(marks, "anna", f"{SPLIT}-grade", manual_score=1.5, extra_credit=0.25)
    enter(marks, "anna", f"{SPLIT}-solution", manual_comment="A fine idea")
    enter(marks, "bert", f"{NORMALISE}-grade", manual_score=0.0)
    shutil.rmtree(tmp_path / "class" / "bert")
    for again in (False, True):
        summary, _ = run(again=again)
        assert [line.partition(":")[0] for line in summary.problems] == [f"bert/{NAME}"]
        with with_nbgrader.open_gradebook(marks) as gradebook:
            grades = {grade.name: grade for grade in gradebook.find_submission_notebook(NAME, NAME, "anna").grades}
            grade = grades[f"{SPLIT}-grade"]
            assert (grade.auto_score, grade.manual_score, grade.extra_credit, grade.score) == (0, 1.5, 0.25, 1.75)
            bert = gradebook.find_submission_notebook(NAME, NAME, "bert").grades
            assert [one.manual_score for one in bert if one.name == f"{NORMALISE}-grade"] == [0]
        table = {(row["student"], row["exercise"]): row for row in rows(tmp_path / "marks.csv")}
        assert table["anna", SPLIT]["mark"] == "1.75" and table["anna", NORMALISE]["mark"] == "2"
        assert table["anna", SPLIT]["remark"] == "marked by hand: 1.5; extra credit: +0.25; A fine idea"
    assert "A fine idea" in (marks / "feedback" / "anna.html").read_text(encoding="utf-8")
    assert "3.75 of 4 points" in (marks / "feedback" / "anna.html").read_text(encoding="utf-8")


def test_a_gradebook_that_can_not_be_read_is_never_replaced(run, tmp_path):
    run()
    (tmp_path / "marks" / "gradebook.db").write_bytes(b"not a gradebook, and somebody's work perhaps" * 100)
    with pytest.raises(GradingError, match=r"gradebook\.db can't be read .* may hold marks by hand"):
        run()
    assert (tmp_path / "marks" / "gradebook.db").read_bytes().startswith(b"not a gradebook")


def test_marks_for_a_cell_that_is_gone_are_kept_and_named(run, kit, tmp_path, monkeypatch):
    run()
    entered = {("anna", NAME, "01-old-grade"): {"manual_score": 1.0}}
    monkeypatch.setattr(with_nbgrader, "entered_by_hand", lambda folder: entered)
    summary, _ = run()
    earlier = tmp_path / "marks" / "gradebook-earlier-1.db"
    assert earlier.is_file() and (tmp_path / "marks" / "gradebook.db").is_file()
    assert any("01-old-grade was marked by hand" in line and str(earlier) in line for line in summary.problems)


def test_one_student_alone_is_graded_and_all_others_keep_their_marks(run, kit, tmp_path):
    _, seen = run(only=["bert"])
    assert seen == ["bert"] and {row["student"] for row in rows(tmp_path / "marks.csv")} == {"bert"}
    summary, seen = run()
    assert seen == ["Zoë", "anna"] and summary.kept == 1
    before = (tmp_path / "marks.csv").read_bytes()
    hand_in(tmp_path / "class", "anna", full(kit, begin="another = 1"))
    summary, seen = run(only=["bert"], again=True)
    assert seen == ["bert"] and (tmp_path / "marks.csv").read_bytes() == before
    assert summary.problems == [f"anna/{NAME}: has changed since"]
    assert run(notebooks=[NAME])[1] == ["anna"] and run(again=True)[1] == ["Zoë", "anna", "bert"]
    with pytest.raises(GradingError, match=r"no student 'bret'\. There are Zoë, anna, bert"):
        run(only=["bret"])
    with pytest.raises(GradingError, match="no notebook '02_x'"):
        run(notebooks=["02_x"])


ADJUST = f"""student;notebook;exercise;points;percent;comment
anna;;{SPLIT};;75%;the idea is right
anna;{NAME};;1,5;;bonus for the plot
bert;{NAME}.ipynb;{NORMALISE};-0.5;;
(late);{NAME};;;-50;a day late
Zoë;{NAME};;0;;extension, agreed on Monday
carl;{NAME};;1;;
"""


def test_adjustments_are_applied_at_every_run_and_shown(run, tmp_path):
    (tmp_path / "adjust.csv").write_bytes(ADJUST.encode("utf-16"))  # as a spreadsheet may save it
    for again in (False, True):
        summary, _ = run(again=again)
        table = [(row["student"], row["exercise"], row["mark"], row["remark"]) for row in rows(tmp_path / "marks.csv")]
        assert table == [
            ("Zoë", SPLIT, "0", ""), ("Zoë", NORMALISE, "2", ""), ("Zoë", "", "0", "extension, agreed on Monday"),
            ("anna", SPLIT, "1.5", "+1.5: the idea is right"), ("anna", NORMALISE, "2", ""),
            ("anna", "", "1.5", "+1.5: bonus for the plot"),
            ("bert", SPLIT, "0", ""), ("bert", NORMALISE, "1.5", "-0.5"),
        ]  # fmt: skip
        (stray,) = summary.problems
        assert "adjust.csv, row 7: there is no " in stray and "of carl" in stray
    page = (tmp_path / "marks" / "feedback" / "anna.html").read_text(encoding="utf-8")
    assert "anna: 5 of 4 points" in page and "By your instructor: +1.5: bonus for the plot" in page


def test_who_is_late_loses_a_part_unless_there_is_an_extension(tmp_path):
    (tmp_path / "adjust.csv").write_text(ADJUST, encoding="cp1252")
    adjustments = read_adjustments(tmp_path / "adjust.csv")
    exercise = {"exercise": NORMALISE, "mark": 2.0, "points": 2.0}
    late = [
        {"student": one, "notebook": NAME, "remarks": [LATE], "exercises": [exercise]}
        for one in ("bert", "dora", "Zoë")
    ]
    final, _ = with_marks_by_hand([*late, {**late[1], "student": "emil", "remarks": []}], {}, adjustments)
    assert [[change["points"] for change in record["adjustments"]] for record in final] == [[-0.75], [-1], [0], []]
    assert exercise["mark"] == 2.0  # what is kept is what was found


def test_marks_by_hand_stay_between_nothing_and_all_points():
    from lenet_helpers.grading.by_hand import Adjustment

    record = {
        "student": "a",
        "notebook": NAME,
        "remarks": [],
        "exercises": [{"exercise": SPLIT, "mark": 2.0, "points": 2.0}],
    }
    up, down = (Adjustment("", "a", NAME, SPLIT, change, None, "") for change in (5.0, -5.0))
    penalty = Adjustment("", "*", NAME, "", -9.0, None, "")
    for adjustments, mark, changed in (([up], 2, []), ([down], 0, []), ([penalty, penalty], 2, [-2, 0])):
        ((final,), _) = with_marks_by_hand([record], {}, adjustments)
        assert final["exercises"][0]["mark"] == mark
        assert [change["points"] for change in final["adjustments"]] == changed


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"anna,{NAME},,,,x", "a number for points or for percent"),
        (f"anna,{NAME},,1,1,x", "not for both"),
        (f"anna,{NAME},,one,,x", "'one' is no number"),
        ("anna,,,1,,x", "name a notebook"),
        (f",{NAME},,1,,x", "name a student"),
    ],
)
def test_a_row_that_can_not_be_understood_is_named_before_anything_runs(tmp_path, row, says):
    path = tmp_path / "adjust.csv"
    path.write_text(f"student,notebook,exercise,points,percent,comment\n{row}\n")
    with pytest.raises(GradingError, match=f"adjust.csv, row 2: .*{says}"):
        read_adjustments(path)
    path.write_text("name,marks\nanna,1\n")
    with pytest.raises(GradingError, match="has to have these columns"):
        read_adjustments(path)
    path.write_text("")
    with pytest.raises(GradingError, match="is empty"):
        read_adjustments(path)


def test_comments_of_the_instructor_are_text_in_the_page():
    exercise = {"exercise": SPLIT, "mark": 1.0, "points": 2.0, "by_hand": ["<b>"], "reason": "wrong", "verdict": "",
                "error": "", "code": "", "mistake": None}  # fmt: skip
    record = {"student": "a", "notebook": NAME, "status": "not handed in", "reason": "", "remarks": [],
              "exercises": [exercise], "adjustments": [{"points": 0.0, "words": "<i>"}]}  # fmt: skip
    text = feedback.page("a", [record])
    assert "<b>" not in text and "<i>" not in text and "By your instructor: &lt;b&gt;" in text
    assert "By the check alone, no marks: wrong." in text


@pytest.mark.parametrize("more", [[], ["--no-sandbox"]])
def test_windows_is_told_in_one_line_what_grading_needs(tmp_path, monkeypatch, capsys, more):
    (tmp_path / "class").mkdir()
    monkeypatch.setattr(cli.sys, "platform", "win32")
    with pytest.raises(SystemExit) as stop:
        cli.main(["grade", str(tmp_path / "class"), "--out", str(tmp_path / "marks.csv"), *more])
    said = capsys.readouterr().err.splitlines()
    assert stop.value.code == 1 and len(said) == 1 and "needs Linux or macOS" in said[0] and "wsl --install" in said[0]
