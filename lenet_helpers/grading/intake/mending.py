"""From what came back to a notebook that can be graded.

Nothing of a submission is taken over but the type and the source of its cells. Grade cells
come from the solved notebook, with their hidden tests, and stand where they belong.
"""

import json
import re
import textwrap

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

MOST_MEGABYTES = 200
MUCH_OUTPUT_MEGABYTES = 10
LONGEST_LINE = 60
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

_NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


class Unreadable(Exception):
    """A submission that can't be graded; the message says why."""


def read(content):
    """Return a submitted file, given as bytes, as a plain dict with cells, and remarks; or raise `Unreadable`."""
    if not content.strip():
        raise Unreadable("the file is empty")
    if len(content) > MOST_MEGABYTES * 2**20:
        raise Unreadable(f"the file has more than {MOST_MEGABYTES} MB")
    utf_16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        notebook = json.loads(content.decode("utf-16" if utf_16 else "utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("the file is not text in UTF-8") from None
    except ValueError as error:
        if utf_16:
            raise Unreadable("the file is not text in UTF-8, but in UTF-16, and not valid JSON") from None
        if line := _conflict(content):
            raise Unreadable(f"the file holds marks of a merge that was not finished ({line})") from None
        raise Unreadable(f"the file is not valid JSON ({str(error)[:80]})") from None
    except RecursionError:
        raise Unreadable("the file is not valid JSON (too deeply nested)") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise Unreadable("the file is JSON, but not a notebook")
    remarks = ["is in UTF-16, as some editors and shells write; read all the same"] if utf_16 else []
    if notebook["nbformat"] < 4:
        remarks.append(f"is in notebook format {notebook['nbformat']}; brought to format 4")
        notebook = _brought_to_4(notebook)
    elif notebook["nbformat"] > 4:
        raise Unreadable(f"the file is in notebook format {notebook['nbformat']}, which is not known")
    if not isinstance(notebook.get("cells"), list):
        raise Unreadable("the notebook has no list of cells")
    if len(content) > MUCH_OUTPUT_MEGABYTES * 2**20:
        remarks.append(f"has {len(content) / 2**20:.0f} MB; its outputs were left out")
    return notebook, remarks


def _conflict(content):
    """Return the first line that a version control's merge has left where two versions differ, or None."""
    found = re.search(rb"^(<{7}|>{7}) .*$", content, re.M)
    if found is None:
        return None
    number = content.count(b"\n", 0, found.start()) + 1
    return f"{found[0][:40].decode('utf-8', 'replace').strip()}, line {number}"


def mend(notebook, graded):
    """Return a clean notebook for grading, and remarks on what was wrong with the one that came.

    `graded` are the solution and grade cells of the lesson, in order.
    """
    known = {cell.grade_id: cell for cell in graded}
    found, places = _own_cells(notebook["cells"], known)
    remarks = _remarks(found, places, graded) + _kernel_remarks(notebook)
    conflicts = [
        (_conflict(source.encode()), grade_id or at) for at, (_, source, grade_id) in enumerate(found, start=1)
    ]
    remarks += [
        f"cell {which} holds marks of a merge that was not finished ({line})" for line, which in conflicts if line
    ]
    placed = []  # (sort key, cell)
    seen = set()
    for at, (cell_type, source, grade_id) in enumerate(found):
        cell = known.get(grade_id)
        if cell is None:
            placed.append(((at, 0), _NEW_CELL[cell_type](source)))
        elif not cell.grades:
            metadata = {} if grade_id in seen else cell.metadata  # nbgrader takes each id once
            seen.add(grade_id)
            placed.append(((at, 0), _NEW_CELL[cell.cell_type](source, metadata=nbformat.from_dict(metadata))))
    for number, cell in enumerate(graded):
        if cell.grades:
            solution = places.get(f"{cell.exercise}-solution", [-1])
            own = places.get(cell.grade_id, [-1])
            at = max(solution[-1], own[0])
            restored = new_code_cell(cell.source, metadata=nbformat.from_dict(cell.metadata))
            placed.append(((at if at >= 0 else len(found), 1 + number), restored))
    cells = [cell for _, cell in sorted(placed, key=lambda pair: pair[0])]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    clean = new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(clean)
    return clean, remarks


def _own_cells(cells, known):
    """Return (type, source, grade_id or None) of each cell, and the positions of each known id."""
    found, places = [], {}
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        grade_id = id_in(cell) if id_in(cell) in known else None
        if grade_id:
            places.setdefault(grade_id, []).append(len(found))
        cell_type = cell.get("cell_type")
        known_type = cell_type if isinstance(cell_type, str) and cell_type in _NEW_CELL else "raw"
        found.append((known_type, source_of(cell), grade_id))
    return found, places


def text_in(value, *keys):
    """Return the text that lies in dicts within dicts under these keys, or None where anything else does."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def id_in(cell):
    """Return nbgrader's id of a cell that came back, or None."""
    return text_in(cell, "metadata", "nbgrader", "grade_id")


def release_in(notebook):
    """Return the stamp of the release that a notebook comes from, or None."""
    return text_in(notebook, "metadata", "lenet", "release")


def source_of(cell):
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    # A lone half of a character, which JSON can hold and no file.
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""


def cell_in_words(cells, at):
    """Name a cell for who has to find it: by its number in a clean run, and by its first line of code."""
    number = sum(cell.get("cell_type") == "code" for cell in cells[: at + 1])
    lines = [line.strip() for line in source_of(cells[at]).splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return ", ".join(filter(None, (f"cell [{number}]", textwrap.shorten(first, LONGEST_LINE, placeholder=" …"))))


def _remarks(found, places, graded):
    """Say what is wrong with the graded cells."""
    remarks = []
    for cell in graded:
        at = places.get(cell.grade_id, [])
        if not at:
            back = "; put back" if cell.grades else ""
            remarks.append(f"cell {cell.grade_id} is missing{back}")
            continue
        if len(at) > 1:
            remarks.append(f"cell {cell.grade_id} is there {len(at)} times")
        if any(found[one][0] != cell.cell_type for one in at):
            remarks.append(f"cell {cell.grade_id} was turned into {found[at[0]][0]}; turned back")
        if cell.grades and len(at) == 1 and bare(found[at[0]][1]) != bare(cell.released):
            remarks.append(f"cell {cell.grade_id} was edited; restored")
    order = [places[cell.grade_id][0] for cell in graded if cell.grade_id in places]
    if order != sorted(order):
        remarks.append("graded cells stand in another order")
    return remarks


def bare(source):
    return [line.rstrip() for line in source.strip().splitlines()]


def _kernel_remarks(notebook):
    name, language = (text_in(notebook, "metadata", "kernelspec", key) for key in ("name", "language"))
    if name is not None and not name.startswith("python") and language != "python":
        return [f"was made for the kernel {name[:40]!r}; graded with Python 3"]
    return []


def _brought_to_4(notebook):
    try:
        old = nbformat.reads(json.dumps(notebook), as_version=nbformat.NO_CONVERT)
        return json.loads(json.dumps(nbformat.convert(old, 4)))
    except Exception as error:  # whatever an old notebook lacks
        raise Unreadable(f"the notebook's old format can't be read ({type(error).__name__})") from None
