"""Which cells have to run: the graded ones, all that the student changed, and what these build on.

Most of a lesson draws and measures what no grade cell looks at. A cell that came back as it
was released is left out, unless one that runs needs a name that it gives a meaning to or
changes. Whoever grades runs everything after all where a name turns out to be missing.
"""

import ast
import re
import symtable

from lenet_helpers.grading.course_cell import is_course_cell

_INDIRECT = {"eval", "exec", "globals", "locals", "vars", "get_ipython", "compile"}


def needed_cells(cells, released):
    """Return the positions of those code cells of a mended notebook that have to run.

    `released` are the sources of the code cells that students got and that are not graded.
    """
    needed, names = set(), set()
    for at in reversed(range(len(cells))):
        cell = cells[at]
        if cell.cell_type != "code":
            continue
        defined, changed = effects(cell.source)
        untouched = "nbgrader" not in cell.metadata and (cell.source in released or is_course_cell(cell.source))
        if untouched and not (defined | changed) & names:
            continue
        needed.add(at)
        names = (names - defined) | free_names(cell.source)
    return needed


def cells_that_give(names, sources):
    """Return those of the cells' `sources` that give names their meaning, with what these build on, in order."""
    chosen, names = [], set(names)
    for source in reversed(list(sources)):
        defined, changed = effects(source)
        if (defined | changed) & names:
            chosen.append(source)
            names = (names - defined) | free_names(source)
    return chosen[::-1]


def free_names(source):
    """Return the names that a cell takes from earlier ones; every word where that can't be told."""
    words = set(re.findall(r"[^\W\d]\w*", source))
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # magics, and mistakes
        return words
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return words if names & _INDIRECT else _free(tree.body, set())


def effects(source):
    """Return two sets of names: those that a cell defines, and those whose objects it may change."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(), set()
    changed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            changed |= _base(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            changed |= _base(node.value.func) if isinstance(node.value.func, ast.Attribute) else set()
    return set().union(*map(_defined, tree.body)) if tree.body else set(), changed - _MODULES


_MODULES = {"plt", "plots", "np", "torch"}  # calls of these change none of the notebook's objects


def _free(statements, defined):
    free = set()
    for statement in statements:
        inner = [getattr(statement, part, []) for part in ("body", "orelse", "finalbody")]
        if isinstance(statement, ast.For | ast.While | ast.If | ast.With) and any(inner):
            head = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.expr)]
            head += [item.context_expr for item in getattr(statement, "items", [])]
            free |= set().union(*(_globals_in(ast.Expr(node)) for node in head if not _is_target(node))) - defined
            defined = defined | _defined(statement) - set().union(*(_defined(one) for part in inner for one in part))
            for part in inner:
                free |= _free(part, defined)
        else:
            own = {statement.name} if isinstance(statement, ast.FunctionDef | ast.ClassDef) else set()
            free |= _globals_in(statement) - defined - own
        defined = defined | _defined(statement)
    return free


def _is_target(node):
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _globals_in(statement):
    """Return the names that a statement reads from the notebook, also from inside its functions."""
    table = symtable.symtable(ast.unparse(ast.fix_missing_locations(statement)), "cell", "exec")
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    waiting = list(table.get_children())
    while waiting:
        scope = waiting.pop()
        names |= {s.get_name() for s in scope.get_symbols() if s.is_global() and s.is_referenced()}
        waiting += scope.get_children()
    if isinstance(statement, ast.AugAssign):
        names |= _base(statement.target)
    return names


def _defined(statement):
    """Return the names that a statement gives a meaning to in the notebook."""
    names, waiting = set(), [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)  # what is inside is its own
            continue
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        waiting += ast.iter_child_nodes(node)
    return names - {"_"}


def _base(node):
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
