"""What the source of a wrong answer shows: slips that any exercise may meet. A hint and no proof: behaviour decides."""

import ast
import inspect
import re
import textwrap
from types import FunctionType

LONGEST = 20_000
"""Letters of source that are read; no answer needs more."""

RETURN_IN_LOOP = "It returns in the first turn of the loop: move return to the left, under the for and not inside it."
_METHODS = set("item mean sum copy max min argmax any all backward step zero_grad numpy detach softmax flatten".split())
_LIBRARIES = {"np", "torch", "F", "math", "nn", "ndimage"}
_ZEROS = {"zeros", "zeros_like", "ones", "empty", "full"}


def source_of(candidate):
    """Return a function's source without comments and docstring, and the notebook's variables that it reads.

    Both are empty where there is no source, as for a lambda. Nothing of the function is called.
    """
    if type(candidate) is not FunctionType:
        return "", ()
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(candidate))[:LONGEST])
        function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
        function.decorator_list = []
        if ast.get_docstring(function) is not None and len(function.body) > 1:
            del function.body[0]
        text = ast.unparse(function)
    except Exception:  # no file, half a line, a name of its own for __code__: then nothing is read
        return "", ()
    stored = _names(function, ast.Store) | {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    free = sorted(_names(function, ast.Load) - stored)
    return text, tuple(name for name in free if _is_data(name, candidate.__globals__.get(name)))


def slip(text, borrowed, parameters):
    """Return a hint for the first slip in an answer's source, or an empty string."""
    function = _function(text)
    if function is None:
        return ""
    if borrowed:
        own = " and ".join(parameters)
        return f"{borrowed[0]} is a variable of the notebook. Others call the function with other data: use {own}."
    return next(filter(None, (look(function) for look in _LOOKS)), "")


def unused(text, parameters):
    """Return a hint that names a parameter which an answer never reads, or an empty string."""
    function = _function(text)
    if function is None:
        return ""
    given = function.args.args[: len(parameters)]
    never = [one.arg for one in given if one.arg not in _names(function, ast.Load)]
    return f"Never used: {' and '.join(never)}. The result depends on it: where does it come in?" if never else ""


def clue(text, clues):
    """Return the hint of the first clue (pattern, hint) whose pattern is found in the source, or an empty string."""
    return next((hint for pattern, hint in clues if text and re.search(pattern, text)), "")


def _function(text):
    return ast.parse(text).body[0] if text else None


def _names(tree, context):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}


def _is_data(name, value):
    """Whether a name of the notebook holds data, such as an array or a network: no module, function or CONSTANT."""
    if value is None or name.isupper() or inspect.ismodule(value) or isinstance(value, str | type):
        return False
    return not callable(value) or hasattr(value, "parameters")


def _loops(function):
    return [node for node in ast.walk(function) if isinstance(node, ast.For)]


def _read_after(function, loop, name):
    inside = set(map(id, ast.walk(loop)))
    later = (node for node in ast.walk(function) if id(node) not in inside and isinstance(node, ast.Name))
    return any(node.id == name and isinstance(node.ctx, ast.Load) and node.lineno > loop.lineno for node in later)


def _returning_in_a_loop(function):
    for loop in _loops(function):
        skips = any(isinstance(node, ast.Continue) for node in ast.walk(loop))
        if not skips and any(isinstance(line, ast.Return) for line in loop.body):
            return RETURN_IN_LOOP
    return ""


def _made_anew(function):
    for loop, name, value in _assigned_in_loops(function):
        makes = isinstance(value, ast.Call) and getattr(value.func, "attr", "") in _ZEROS
        empty = isinstance(value, ast.List) and not value.elts
        if (makes or empty) and _read_after(function, loop, name):
            return f"{name} is made anew in each turn of the loop, so only the last turn is left: make it before."
    return ""


def _not_added(function):
    """Find a sum that is begun before a loop, and replaced in it instead of added to."""
    for loop, name, value in _assigned_in_loops(function):
        begun = re.search(rf"^ *{name} = (0|0\.0|np\.zeros\(.*)$", ast.unparse(function), re.MULTILINE)
        reads = _names(value, ast.Load)
        if begun and reads and name not in reads and _read_after(function, loop, name):
            return f"{name} = … in the loop forgets the turns before. Add to it with +=."
    for loop in _loops(function):
        for inner in (line for line in loop.body if isinstance(line, ast.For)):
            turns = _names(inner.target, ast.Store)
            for line in inner.body:
                if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Subscript):
                    target, reads = line.targets[0], _names(line.value, ast.Load)
                    written, value = ast.unparse(target), ast.unparse(line.value)
                    if turns & reads and not turns & _names(target, ast.Load) and written not in value:
                        return f"{written} = … in the inner loop forgets the turns before. Add to it with +=."
    return ""


def _assigned_in_loops(function):
    for loop in _loops(function):
        for line in loop.body:
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                yield loop, line.targets[0].id, line.value


def _power(function):
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            return f"^ is no power in Python. Write {ast.unparse(node.left)} ** {ast.unparse(node.right)}."
    return ""


def _without_brackets(function):
    called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    for node in ast.walk(function):
        if not isinstance(node, ast.Attribute) or id(node) in called:
            continue
        text, owner = ast.unparse(node), ast.unparse(node.value)
        if owner == "nn" and node.attr[0].isupper():
            return f"{text} is a class. Brackets make a layer of it: {text}()."
        if node.attr in _METHODS and owner not in _LIBRARIES:
            return f"{text} only names the method. Brackets call it: {text}()."
    return ""


def _sides_swapped(function):
    high, wide = r"(h|height|rows?|n_rows)", r"(w|width|columns?|cols?|n_cols)"
    pairs = rf"\(?{wide}, *{high}\)? = \w+\.shape$"
    single = rf"^ *({wide} = \w+\.shape\[0\]|{high} = \w+\.shape\[1\])"
    if re.search(f"{pairs}|{single}", ast.unparse(function), re.IGNORECASE | re.MULTILINE):
        return "Height and width are swapped: shape is (rows, columns), the height first."
    return ""


_LOOKS = (_returning_in_a_loop, _made_anew, _not_added, _power, _without_brackets, _sides_swapped)
