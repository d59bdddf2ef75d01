"""Execute the five notebooks in order and write them as HTML into build/.

    python tools/run_course.py

The notebooks themselves are not changed. The pages need no network: nothing in them is
fetched from another host. Ends with a table of what came out, and with status 1 when a
notebook did not run to its end.
"""

import argparse
import html
import os
import re
import sys
import warnings
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import DictLoader
from lessons import COURSE, LessonError, execute, lesson_paths, make_data_path_absolute, read
from nbconvert import HTMLExporter

from lenet_helpers.system.programs import run_program

# nbconvert's own page, without the four scripts that it would fetch from other hosts.
PAGE = """
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block extra_css -%}<style>
main { max-width: 66rem; margin: 0 auto; padding: 0 1rem; }
.jp-InputArea-editor, .jp-OutputArea-output { overflow-x: auto; }
.course-nav { display: flex; justify-content: space-between; padding: 0.8rem 0; font: 0.95rem system-ui, sans-serif; }
</style>{%- endblock -%}
{%- block body_header -%}{{ super() }}{{ resources.course_nav }}{%- endblock -%}
{%- block body_footer -%}{{ resources.course_nav }}{{ super() }}{%- endblock -%}
"""

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The LeNet-MNIST course</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.05rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem; }}
h1 {{ line-height: 1.2; }}
h2 {{ margin-top: 2.2rem; }}
ul {{ padding: 0; list-style: none; }}
li {{ margin: 0.9rem 0; }}
li p {{ margin: 0.1rem 0; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #8886; padding: 0.4rem 0.6rem 0.4rem 0; text-align: left; vertical-align: top; }}
th {{ font-weight: 600; width: 16rem; }}
td {{ font-variant-numeric: tabular-nums; }}
.failed {{ color: #c62828; }}
@media (prefers-color-scheme: dark) {{ .failed {{ color: #ff8a80; }} }}
</style>
</head>
<body>
<main>
<h1>The LeNet-MNIST course</h1>
<p>Five lessons, from raw pixels to a network that reads your handwriting.
These pages show each notebook as it ran on this computer.</p>
<h2>Lessons</h2>
<ul>
{lessons}
</ul>
<h2>Results</h2>
<table>
{rows}
</table>
</main>
</body>
</html>
"""


@dataclass
class Run:
    """One executed notebook."""

    name: str
    title: str
    question: str
    seconds: float | None = None
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
    """Execute the notebook at `path` and write its page; a failure is noted, not raised."""
    notebook = read(path)
    run = Run(path.stem, *title_and_question(notebook))
    try:
        run.seconds = execute(notebook, path.name)
    except LessonError as error:
        run.failure = str(error)
    page = lesson_page(notebook, run.title, navigation(path.stem, [other.stem for other in paths]))
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


def lesson_page(notebook, title, nav=""):
    """Return the notebook as one page of HTML that fetches nothing."""
    notebook.metadata.title = title
    exporter = HTMLExporter(
        extra_loaders=[DictLoader({"course.html.j2": PAGE})], template_file="course.html.j2", embed_images=True
    )
    page, _ = exporter.from_notebook_node(notebook, resources={"course_nav": nav})
    # In build/ the lessons lie beside one another as pages.
    return re.sub(r'(href="(?:\./)?\d\d_\w+)\.ipynb', r"\1.html", page)


def navigation(name, names):
    """Return links to the lesson before, to the index and to the lesson after."""
    at = names.index(name)
    before = f'<a href="{names[at - 1]}.html">← {names[at - 1]}</a>' if at else "<span></span>"
    after = f'<a href="{names[at + 1]}.html">{names[at + 1]} →</a>' if at + 1 < len(names) else "<span></span>"
    return f'<nav class="course-nav">{before}<a href="index.html">All lessons</a>{after}</nav>'


def index_page(runs, rows):
    """Return build/index.html."""
    lessons = "\n".join(
        f'<li><a href="{run.name}.html">{html.escape(run.title)}</a>'
        f"<p>{html.escape(run.question)}</p>"
        + (f'<p class="failed">{html.escape(run.failure)}</p>' if run.failure else "")
        + "</li>"
        for run in runs
    )
    table = "\n".join(f'<tr><th scope="row">{html.escape(k)}</th><td>{html.escape(v)}</td></tr>' for k, v in rows)
    return INDEX.format(lessons=lessons, rows=table)


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
