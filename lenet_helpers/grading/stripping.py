"""The exercises without their answers: what a submission gets to see while it is graded.

A submission runs beside the helper package. It needs the inputs of each exercise, and the
code that notes what a function did with them, but neither the right implementation nor
the known mistakes: those stay with the marker.
"""

import ast


def strip_answers(source):
    """Return the source of a module of exercises without oracles, mistakes and what only they need.

    Parameters
    ----------
    source : str
        A module that makes `Exercise` objects and names them in ``EXERCISES``.

    Returns
    -------
    str
    """
    module = ast.parse(source)
    module.body = [node for node in module.body if not _is_mistake(node)]
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Exercise":
            _without_answers(node)
    needed = _reachable(module)
    module.body = [node for node in module.body if not _defines(node) or _defines(node) & needed]
    return ast.unparse(module) + "\n"


def _is_mistake(node):
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr == "mistake"
        for decorator in node.decorator_list
    )


_KEPT = {"name", "signature", "cases", "observe", "fresh"}
_ORDER = ("name", "signature", "cases", "oracle", "returns", "verified", "hints")


def _without_answers(call):
    call.args = [
        argument if name in _KEPT else ast.Constant(None) for name, argument in zip(_ORDER, call.args, strict=False)
    ]
    for keyword in call.keywords:
        if keyword.arg not in _KEPT:
            keyword.value = ast.Constant(None)


def _defines(node):
    """Names that a statement of the module defines; none for what is not a definition."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return set()


def _reachable(module):
    """Names that ``EXERCISES`` needs, directly or through others."""
    uses = {}
    for node in module.body:
        names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        for defined in _defines(node):
            uses.setdefault(defined, set()).update(names)
    needed, waiting = set(), ["EXERCISES"]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += uses.get(name, ())
    return needed
