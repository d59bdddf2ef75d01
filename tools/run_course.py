"""Execute the five notebooks in order and write them as HTML into build/.

    python tools/run_course.py

The notebooks themselves are not changed; the pages of solved ones say that they hold
solutions, and have no hidden tests. They need no network: nothing in them is
fetched from another host. Ends with a table of what came out, and with status 1 when a
notebook did not run to its end. In a student's folder, cells may end in an error: its pages
show what the student has so far.
"""

import argparse
import os
import re
import sys
import warnings
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from lessons import COURSE, LessonError, execute, lesson_paths, make_data_path_absolute, read
from nbconvert import HTMLExporter

from lenet_helpers.system.programs import run_program

PAGES = Path(__file__).parent / "pages"
SOLVED = "These pages hold solutions. The student copies, which lenet release writes, hold none."


@dataclass
class Run:
    """One executed notebook."""

    name: str
    title: str
    question: str
    solved: bool = True
    seconds: float | None = None
    errors: int = 0
    failure: str = ""


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=COURSE / "build", help="folder for the pages (default: build/)")
    options = parser.parse_args(arguments)
    warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)
    make_data_path_absolute()
    mnist = load_data_once()
    options.out.mkdir(parents=True, exist_ok=True)

    paths = lesson_paths()
    runs = []
    try:
        for path in paths:
            print(f"{path.stem} ", end="", flush=True)
            runs.append(run_lesson(path, paths, options.out))
            print("failed" if runs[-1].failure else f"{runs[-1].seconds:.1f} s", flush=True)
            if runs[-1].failure:
                print(runs[-1].failure, file=sys.stderr)
    except KeyboardInterrupt:  # the pages that are done can be looked at
        write_page(options.out / "index.html", index_page(runs, [("not finished", "interrupted")]))
        raise

    results, failures = measure(mnist)
    rows = [*results, *((run.name, "failed" if run.failure else f"{run.seconds:.1f} s") for run in runs)]
    write_page(options.out / "index.html", index_page(runs, rows))
    print(f"\n{text_table(rows)}\n\n{options.out / 'index.html'}")
    failures += [run.failure for run in runs if run.failure]
    if failures:
        print("\nFailed:", *failures, sep="\n  ", file=sys.stderr)
    if not runs:
        print(f"There are no notebooks in {COURSE / 'notebooks'}.", file=sys.stderr)
    return 1 if failures or not runs else 0


def load_data_once():
    """Load MNIST, downloading it when needed; when it can't be had, have no notebook try again."""
    from lenet_helpers import load_mnist

    mnist = load_mnist()
    if mnist.is_sample:
        os.environ["LENET_DATA"] = "sample"
    return mnist


def run_lesson(path, paths, out):
    """Execute the notebook at `path` and write its page; a failure is noted, not raised.

    A student's copy has cells that fail until they are solved: its page shows how far it is.
    """
    notebook = read(path)
    run = Run(path.stem, *title_and_question(notebook), solved="lenet" not in notebook.metadata)
    try:
        run.seconds = execute(notebook, path.name, go_on=not run.solved)
    except LessonError as error:
        run.failure = str(error)
    run.errors = sum(output.output_type == "error" for cell in notebook.cells for output in cell.get("outputs", ()))
    if run.solved:
        from lenet_helpers.grading.release import without_hidden_tests  # which a student's folder can't

        notebook = without_hidden_tests(notebook)
    page = lesson_page(notebook, run, [other.stem for other in paths])
    write_page(out / f"{path.stem}.html", page)
    if wanted := outside_requests(page):
        run.failure = run.failure or f"{path.name}: its page would fetch {', '.join(wanted)}"
    return run


def write_page(path, page):
    """Write a page whole or not at all."""
    from lenet_helpers.system.whole_files import written_whole

    with written_whole(path) as file:
        file.write(page.encode())


def measure(mnist):
    """Return the rows of the table that don't come from notebooks, and what failed."""
    from lenet_helpers import ImageClassifier, count_parameters, evaluate, load_model

    rows, failures = [("data", mnist.source)], []
    try:
        model = load_model(COURSE / "model.pth")
        rows.append(("parameters", f"{count_parameters(model):,}"))
        rows.append(("accuracy of model.pth (test)", f"{evaluate(model, mnist.test).accuracy:.2%}"))
        rows.append(("digit in test.png", str(ImageClassifier(COURSE / "model.pth").predict(COURSE / "test.png"))))
    except (OSError, ValueError) as error:  # ModelError and ImageError are ValueErrors
        failures.append(str(error))
    return rows, failures


def title_and_question(notebook):
    """Return the first heading of a notebook, and the first paragraph after it, as plain text."""
    source = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    blocks = [block.strip() for block in re.split(r"\n\s*\n", source) if block.strip()]
    title = blocks[0].splitlines()[0].lstrip("# ") if blocks else "Untitled"
    question = next((" ".join(block.split()) for block in blocks[1:] if block[0] not in "#-<|!"), "")
    return plain(title), plain(question)


def plain(text):
    """Markdown of one line as plain text."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", text)


def lesson_page(notebook, run, names):
    """Return the notebook as one page of HTML that fetches nothing, with links to those beside it in `names`."""
    notebook.metadata.title = run.title
    exporter = HTMLExporter(extra_loaders=[FileSystemLoader(PAGES)], template_file="lesson.html.j2", embed_images=True)
    before, after = ([None, *names, None][names.index(run.name) + place] for place in (0, 2))
    course = {"before": before, "after": after, "note": SOLVED if run.solved else ""}
    page, _ = exporter.from_notebook_node(notebook, resources={"course": course})
    # In build/ the lessons lie beside one another as pages.
    return re.sub(r'(href="(?:\./)?\d\d_\w+)\.ipynb', r"\1.html", page)


def index_page(runs, rows):
    """Return build/index.html."""
    template = Environment(loader=FileSystemLoader(PAGES), autoescape=True).get_template("index.html.j2")
    return template.render(runs=runs, rows=rows, note=SOLVED if any(run.solved for run in runs) else "")


def text_table(rows):
    """Return the rows as lines of two columns."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def outside_requests(page):
    """Return the addresses that a browser would fetch from other hosts to show `page`.

    A link that a reader may click is none of them.
    """
    finder = _RequestFinder()
    finder.feed(page)
    return sorted(finder.found)


class _RequestFinder(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()
        self.inside = None

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        for name, value in attributes:
            fetched = name in ("src", "srcset", "poster", "data") or (
                name == "href" and tag in ("link", "use", "image")
            )
            if fetched and value and re.match(r"\s*(https?:)?//", value):
                self.found.add(value.strip())
            if name == "style" and value:
                self._in_css(value)

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "style":
            self._in_css(data)
        elif self.inside == "script":
            calls = r"""(?:import|fetch|require|importScripts)\s*\(\s*["'`]((?:https?:)?//[^"'`]+)"""
            statements = r"""(?:from|import|\.src\s*=|\.href\s*=)\s*["'`]((?:https?:)?//[^"'`]+)"""
            self.found.update(re.findall(calls, data) + re.findall(statements, data))

    def _in_css(self, css):
        self.found.update(re.findall(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", css))


if __name__ == "__main__":
    run_program(main)
