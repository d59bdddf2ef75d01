"""Folders of labelled pictures, as people and their spreadsheets write them."""

import pytest
from PIL import Image

from lenet_helpers.preparation.folder import FolderError, pictures_in, read_labels

PATHS = ["a.png", "sub/b c.PNG", "d.png"]
EXPECTED = [("a.png", 5), ("sub/b c.PNG", 0), ("d.png", 9)]


def write_pictures(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (28, 28)).save(folder / path, "PNG")


@pytest.mark.parametrize(
    "table",
    [
        "path,label\na.png,5\nsub/b c.PNG,0\nd.png,9\n",
        "path;label\na.png;5\nsub/b c.PNG;0\nd.png;9\n",
        "path\tlabel\r\na.png\t5\r\nsub\\b c.PNG\t0\r\nd.png\t9\r\n",
        "\ufeffPath,LABEL\na.png,5\nsub/b c.PNG,0\nd.png,9",
        " Label ; author; Path \n 5 ; me; a.png \n0 ;; sub/b c.PNG\n9;you;d.png\n",
        "path,label\n\na.png,5.0\n , \nsub/b c.PNG,0.00\nd.png,9.\n\n",
        "path;label\na.png;5,0\nsub/b c.PNG;0,0\nd.png;9,0\n",
        '"path", "label"\n"a.png", "5"\n"sub/b c.PNG", "0"\n"d.png", "9"\n',
    ],
)
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path, table):
    write_pictures(tmp_path, *PATHS)
    (tmp_path / "labels.csv").write_bytes(table.encode())
    assert read_labels(tmp_path) == EXPECTED


@pytest.mark.parametrize("label", ["5.5", "10", "-1", "", "five", "5.0.0", "٥"])
def test_what_is_no_digit_is_no_label(tmp_path, label):
    write_pictures(tmp_path, "a.png")
    (tmp_path / "labels.csv").write_text(f"path,label\n\na.png,{label}\n", encoding="utf-8")
    with pytest.raises(FolderError, match="line 3: the label must be a digit from 0 to 9"):
        read_labels(tmp_path)


@pytest.mark.parametrize("content", ["", "path,label\n , \n", "Path;digit\n", "\ufeff"])
def test_a_table_without_pictures_or_columns_is_refused(tmp_path, content):
    (tmp_path / "labels.csv").write_text(content, encoding="utf-8")
    with pytest.raises(FolderError, match=r"labels\.csv (lists no picture|lacks the column)"):
        read_labels(tmp_path)


def test_a_table_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "labels.csv").write_bytes("path,label\nsécond.png,3\n".encode("latin-1"))
    with pytest.raises(FolderError, match="save it as CSV in UTF-8"):
        read_labels(tmp_path)


def test_a_folder_for_each_class_is_its_label(tmp_path):
    write_pictures(tmp_path, "7/b.png", "7/a.JPG", "0/deep/er.heic", "7/.ipynb_checkpoints/a.png", "errors/errors.png")
    (tmp_path / "7" / "notes.txt").write_text("by me")
    (tmp_path / "3").mkdir()
    assert read_labels(tmp_path) == [("0/deep/er.heic", 0), ("7/a.JPG", 7), ("7/b.png", 7)]
    (tmp_path / "labels.csv").write_text("path,label\n7/a.JPG,1\n")
    assert read_labels(tmp_path) == [("7/a.JPG", 1)], "what is written down counts"


def test_neither_table_nor_classes(tmp_path):
    write_pictures(tmp_path, "a.png", "10/a.png")
    (tmp_path / "4").mkdir()
    with pytest.raises(FolderError, match=r"labels\.csv does not exist; write it.*or put the pictures of each digit"):
        read_labels(tmp_path)


def test_pictures_are_found_by_their_endings_and_sorted(tmp_path):
    write_pictures(tmp_path, "b.png", "a.tiff", "c/d.webp", ".hidden.png")
    (tmp_path / "e.csv").write_text("")
    assert pictures_in(tmp_path) == [tmp_path / name for name in ("a.tiff", "b.png", "c/d.webp")]
    assert pictures_in(tmp_path / "e.csv") == pictures_in(tmp_path / "none") == []
