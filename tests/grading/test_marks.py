"""Marks go back into the platforms' own gradebooks, each to whom it belongs, or to nobody."""

import csv
import io

import pytest

from lenet_helpers.cli import main as cli
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.gradebook import write_csv
from lenet_helpers.grading.marks import fill, marks_in, wide
from lenet_helpers.grading.tables import Table, read_table, write_table

STUDENTS = {"Anna Muster_12345": 2, "Bert Müller_54321": 1.5, "Carla Weiß_777": 0}


def record(student, mark, notebook="01_data"):
    exercises = [{"exercise": f"{notebook[:2]}-{name}", "mark": float(got), "points": 2.0} for name, got in
                 (("split", mark), ("normalise", 1))]  # fmt: skip
    bonus = [{"points": 0.5, "words": "bonus"}]
    return {"student": student, "notebook": notebook, "status": "graded", "exercises": exercises, "adjustments": bonus}


@pytest.fixture
def marks_file(tmp_path):
    records = [record(student, mark) for student, mark in STUDENTS.items()]
    write_csv([*records, record("Anna Muster_12345", 2, "03_training")], tmp_path / "marks.csv")
    return tmp_path / "marks.csv"


GRADEBOOKS = {
    "Moodle's worksheet": (
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade\n"
        "Participant 54321,Bert Müller,bert@uni.example,Submitted,,100\n"
        "Participant 12345,Anna Muster,anna@uni.example,Submitted,,100\n"
        "Participant 777,Carla Weiß,carla@uni.example,Submitted,,100\n"
        "Participant 888,Dora,dora@uni.example,-,,100\n", "Grade", ["1.5", "2", "0", ""]),
    "Moodle's gradebook": (
        "Vorname;Nachname;ID-Nummer;E-Mail-Adresse;Aufgabe: LeNet (Punkte);Zuletzt\n"
        "Anna;Muster;1234567;a@x;-;1\nBert;Müller;7654321;b@x;-;1\nCarla;Weiss;555;c@x;-;1\n",
        "Aufgabe: LeNet (Punkte)", ["2", "1.5", "0"]),
    "Canvas": (
        "Student,ID,SIS Login ID,Section,LeNet (4711),Other (4712)\n    Points Possible,,,,8,8\n"
        '"Muster, Anna",12345,am1,A,,7\n"Müller, Bert",54321,bm1,A,,7\n"Weiß, Carla",777,cw1,A,3,7\n',
        "LeNet (4711)", ["8", "2", "1.5", "0"]),
}  # fmt: skip


@pytest.mark.parametrize("platform", GRADEBOOKS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_one_column_of_a_gradebook_is_filled_and_nothing_else(marks_file, tmp_path, platform, encoding):
    text, column, expected = GRADEBOOKS[platform]
    (tmp_path / "book.csv").write_bytes(text.encode(encoding))
    table = read_table(tmp_path / "book.csv")
    title, filled, problems = fill(table, {one: {("01_data", ""): (mark, 4)} for one, mark in STUDENTS.items()}, column)
    assert (title, filled, problems) == (column, 3, [])
    write_table(tmp_path / "out.csv", table)
    content = (tmp_path / "out.csv").read_bytes()
    assert content[:3] == (b"\xef\xbb\xbf" if encoding != "utf-16" else content[:3])
    delimiter = ";" if ";" in text else ","
    before = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    after = list(csv.reader(io.StringIO(content.decode(table.encoding)), delimiter=delimiter))
    at = before[0].index(column)
    assert [row.pop(at) for row in after[1:]] == expected
    assert [row[:at] + row[at + 1 :] for row in before[1:]] == after[1:] and before[0] == after[0]


def test_canvas_and_blackboard_names_are_matched(tmp_path):
    canvas = read_text(tmp_path, GRADEBOOKS["Canvas"][0].replace("12345", "1").replace("54321", "2"))
    found = {"musteranna_12345": {("", ""): (1.0, 2.0)}, "müllerbert_54321": {("", ""): (2.0, 2.0)}}
    assert fill(canvas, found, "LeNet (4711)")[1:] == (2, [])
    blackboard = read_text(tmp_path, '"Last Name"\t"First Name"\t"Username"\t"HW1 |99"\nMuster\tAnna\tanna1\t\n')
    assert fill(blackboard, {"anna1": {("", ""): (1.0, 2.0)}}, "hw1 |99")[1:] == (1, [])
    assert blackboard.rows == [["Muster", "Anna", "anna1", "1"]] and blackboard.delimiter == "\t"


def read_text(tmp_path, text):
    (tmp_path / "some.csv").write_text(text, encoding="utf-8")
    return read_table(tmp_path / "some.csv")


@pytest.mark.parametrize(
    ("rows", "students", "says"),
    [
        ([["Anna", "Muster", ""], ["Anna", "Muster", ""]], ["Anna Muster"], "several rows of the gradebook match"),
        ([["Anna", "Muster", ""]], ["Anna Muster_1", "Anna Muster_2"], "another student matches the same row"),
        ([["Anna", "Muster", ""]], ["Bert"], "has no row"),
        ([["Anna", "Muster", ""], ["Bert", "12345", ""]], ["Anna Muster_12345"], "several rows"),
        ([["", "", ""]], ["_"], "has no row"),
    ],
)
def test_who_can_not_be_told_for_sure_gets_nothing_and_is_named(rows, students, says):
    table = Table(["a", "b", "mark"], rows)
    _, filled, problems = fill(table, {one: {("", ""): (1.0, 1.0)} for one in students}, "mark")
    assert filled == 0 and len(problems) == len(students) and all(says in line for line in problems)
    assert not any(row[2] for row in table.rows)


def test_a_column_that_is_not_there_is_said_with_those_that_are(tmp_path):
    table = Table(["name", "01_data", "02_architecture"], [["anna", "", ""]])
    for column in ("x", None):
        with pytest.raises(GradingError, match='Its columns are "name", "01_data"'):
            fill(table, {}, column)
    assert (
        fill(table, {"anna": {("01_data", ""): (1.0, 2.0), ("02_x", ""): (5.0, 5.0)}}, None, ["01_data"])[0]
        == "01_data"
    )
    assert table.rows == [["anna", "1", ""]]
    write_table(tmp_path / "no.csv", table)
    with pytest.raises(GradingError, match="is no table of marks"):
        marks_in(tmp_path / "no.csv")


def test_one_row_a_student(marks_file):
    table = wide(marks_in(marks_file))
    assert table.header == ["student", "total", "points", "01_data", "03_training",
                            "01-normalise", "01-split", "03-normalise", "03-split"]  # fmt: skip
    assert table.rows[0] == ["Anna Muster_12345", "7", "8", "3.5", "3.5", "1", "2", "1", "2"]
    assert table.rows[1] == ["Bert Müller_54321", "3", "4", "3", "0", "1", "1.5", "", ""]


def lenet(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(["marks", *map(str, arguments)])
    return stop.value.code, capsys.readouterr().err


def test_the_command_writes_files_that_a_spreadsheet_shows_right(marks_file, tmp_path, capsys):
    assert marks_file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert lenet(capsys, marks_file)[0] == 0
    assert (tmp_path / "marks-wide.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,total")
    book = tmp_path / "book.csv"
    book.write_text("Name,Grade\nAnna Muster,\nBert Müller,\n", encoding="utf-8")
    status, err = lenet(capsys, marks_file, "--fill", book, "--column", "grade", "--notebook", "01_data")
    assert status == 1 and "Carla Weiß_777: has no row in the gradebook" in err and "2 of 3 students" in err
    assert (tmp_path / "book-filled.csv").read_text(
        encoding="utf-8-sig"
    ) == "Name,Grade\nAnna Muster,3.5\nBert Müller,3\n"
    assert lenet(capsys, marks_file, "--fill", book, "--column", "Grade", "--out", book)[0] == 2
