"""The class at a glance says what there is, and links to each student's page, where nobody else is named."""

import html
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from small_course import NAME, SPLIT, full, hand_in, noting, right_record

from lenet_helpers.exercises import exercise
from lenet_helpers.grading import batch, feedback, overview, workers
from lenet_helpers.grading.alike import pairs_alike, tokens_of
from lenet_helpers.grading.box import sandbox

FEW = """def first_of_each(labels, count):
    \"\"\"Mark the first.\"\"\"
    # Mine!
    wanted = {}
    result = []
    for position, label in enumerate(labels):
        wanted[label] = wanted.get(label, 0) + 1
        result.append(wanted[label] <= count)
    return np.array(result)"""
RENAMED = re.sub(r"\bwanted\b", "seen", FEW.replace("# Mine!", "")).replace("position", "i").replace("result", "out")
OTHER = """def first_of_each(labels, count):
    marks = np.zeros(len(labels), bool)
    seen = [0] * 10
    for at in range(len(labels)):
        if seen[labels[at]] < count:
            marks[at] = True
        seen[labels[at]] += 1
    return marks"""


def handed_in(student, code, **changes):
    row = {"exercise": "01-split", "mark": 0.0, "points": 2.0, "mistake": None, "code": code, "verdict": "", **changes}
    return {"student": student, "notebook": NAME, "status": "graded", "reason": "", "remarks": [], "exercises": [row]}


def test_answers_that_differ_in_names_and_comments_are_found_and_others_not():
    solution = "def first_of_each(labels, count):\n    " + SPLIT
    class_ = [("anna", FEW), ("bert", RENAMED), ("carl", OTHER), ("dora", solution), ("emil", solution), ("fritz", "x")]
    records = [handed_in(student, code) for student, code in class_]
    (pair,) = pairs_alike(records, {}, {"01-split": solution})
    assert pair.students == ("anna", "bert")
    assert [(name, similarity) for name, similarity, *_ in pair.exercises] == [("01-split", 1.0)]
    assert pairs_alike(records[:3], {"01-split": FEW}, {}) == []  # what was released tells nothing


def test_what_many_have_written_is_not_asked_about():
    assert len(pairs_alike([handed_in(str(n), FEW) for n in range(3)], {}, {})) == 3
    assert pairs_alike([handed_in(str(n), FEW) for n in range(4)], {}, {}) == []


def test_tokens_are_those_of_the_code_alone():
    assert tokens_of("a = b  # c") == [0, "=", "b"]
    assert tokens_of('"""Text."""\nx = 1\ny = x', "x = 1") == [0, "=", "x"]
    assert tokens_of("def f(:") == ["def", "f", "(", ":"]
    assert tokens_of("f((") == ["f", "(", "("]


@pytest.fixture(scope="module")
def made(kit, course, tmp_path_factory):
    """The folder of marks of a class, as `grade` makes it with made-up marks."""
    folder = tmp_path_factory.mktemp("overview")
    codes = {"anna <b>": FEW, "bert #1": RENAMED, "carla": OTHER}
    for student in codes:
        hand_in(folder / "class", student, full(kit))
    hand_in(folder / "class", "emil", b"")
    (folder / "class" / "fritz").mkdir()

    def record(task, job):
        if task.content is None:
            return task.record(job, "not handed in", "", right_record(task, job)["exercises"])
        if not task.content:
            return task.record(job, "not graded", "the file is empty", right_record(task, job)["exercises"])
        made = right_record(task, job, "01-normalise")
        verdict = "01-split: not right yet."
        made["exercises"][0].update(code=codes[task.student], verdict=verdict, mistake="last_of_each")
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "attempt", noting([], record))
        batch.grade(folder / "class", folder / "marks.csv", sandbox=sandbox.NoSandbox(), course=course)
    return folder / "marks"


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<style>.*</style>|<[^>]*>", " ", page, flags=re.S)).split())


def test_the_class_at_a_glance(made):
    page = (made / "index.html").read_text(encoding="utf-8")
    text = text_of(page)
    assert "5 students, 38 % of the points" in text
    assert "3 of 4 · 01-split: last of each." in text
    (hint,) = (one.hint for one in exercise("01-split").mistakes if one.name == "last_of_each")
    assert hint in text
    assert f"emil , {NAME}: the file is empty. Nothing arrived: ask for the file again." in text
    assert "anna <b> and bert #1: 01-split 100 %" in text and "def first_of_each" in text
    assert re.search(r"fritz – 0 ", text) and "<b>" not in page and "http" not in page and "<script" not in page
    assert "3 not right, 1 could not be graded" in page and f"{NAME}: 4 of 5 handed in" in text


def test_every_link_leads_somewhere(made):
    links = set(re.findall(r'href="([^"#]*)', (made / "index.html").read_text(encoding="utf-8")))
    assert len(links) == 2 + 5
    for link in links:
        assert (made / unquote(html.unescape(link))).is_file(), link


def test_a_students_page_names_nobody_else(made):
    pages = {path.stem: text_of(path.read_text(encoding="utf-8")) for path in (made / "feedback").glob("*.html")}
    assert len(pages) == 5
    for student, text in pages.items():
        assert student in text and not [other for other in pages if other != student and other in text]


@pytest.mark.parametrize(
    ("status", "reason", "mend"),
    [
        ("not graded", "the file is not valid JSON (x)", "opens in Jupyter"),
        ("not graded", "the file holds marks of a merge that was not finished (<<<<<<< HEAD, line 2)", "two versions"),
        ("not graded", "the file is JSON, but not a notebook", "ends in .ipynb"),
        ("not graded", "can't be read: x", "Ask for it again"),
        ("failed", "the run did not start: x", "No fault of the student's"),
    ],
)
def test_what_could_not_be_graded_comes_with_its_mend(status, reason, mend):
    record = {**handed_in("anna", ""), "status": status, "reason": reason}
    assert f"{reason}. " in text_of(overview.page(batch.Summary(Path(), [record]), [], "marks.csv"))
    assert mend in text_of(overview.page(batch.Summary(Path(), [record]), [], "marks.csv"))


def test_an_empty_class_has_a_page():
    assert "0 students" in overview.page(batch.Summary(Path()), [], "marks.csv")
    assert "anna: 0 of 0 points" in feedback.page("anna", [])
