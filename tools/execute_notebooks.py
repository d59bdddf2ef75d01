"""Execute the notebooks in place, for committing them with their outputs.

    python tools/execute_notebooks.py [NOTEBOOK...]

What is written depends on the notebook and on what it prints, not on the Python that
ran it. A notebook with a failing cell stays as it was.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from lessons import LessonError, execute, lesson_paths, make_data_path_absolute, read

from lenet_helpers.system.programs import run_program
from lenet_helpers.system.whole_files import written_whole

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}


def normalise(notebook):
    """Make what a code host shows the same whoever executed the notebook, in place."""
    kept = {key: value for key, value in notebook.metadata.items() if key == "title"}
    notebook.metadata = nbformat.from_dict({**kept, **METADATA})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, 1):
        cell.setdefault("id", f"cell-{number}")
        for key in ("execution", "collapsed", "scrolled", "ExecuteTime", "trusted"):
            cell.metadata.pop(key, None)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all five")
    parser.add_argument("--sample", action="store_true", help="allow outputs made from the bundled sample")
    options = parser.parse_args(arguments)
    make_data_path_absolute()

    from lenet_helpers import load_mnist

    if load_mnist().is_sample and not options.sample:
        return "The committed outputs are those of full MNIST. To make them from the sample anyway, add --sample."

    failed = False
    for path in options.notebooks or lesson_paths():
        notebook = read(path)
        try:
            seconds = execute(notebook, path.name)
        except LessonError as error:
            print(f"{error}\n{path.name} was left as it was.", file=sys.stderr)
            failed = True
            continue
        normalise(notebook)
        nbformat.validate(notebook)
        with written_whole(path) as file:
            file.write(f"{nbformat.writes(notebook)}\n".encode())
        print(f"{path.name}: {seconds:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    run_program(main)
