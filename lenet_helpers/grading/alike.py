"""Answers that are nearly the same: a question to ask, not a verdict.

Compared are the tokens of two answers to one exercise, by the share that the longest common sequence
has in both (rapidfuzz's Indel similarity). Comments, layout and the choice of names count nothing.
Left out are lines that were released, answers that are nearly the course's own or too short to
tell, and what many in the class have written.
"""

import ast
import io
import textwrap
import tokenize
from dataclasses import dataclass, field

from rapidfuzz.distance import Indel

ALIKE = 0.9
FEWEST_TOKENS = 25
COMMON, FEWEST_COMMON = 0.25, 4  # from so large a part of the class on, and so many, it is what people write

_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


@dataclass
class Pair:
    """Two students, and the exercises in which their answers are nearly the same."""

    students: tuple
    exercises: list = field(default_factory=list)  # (exercise, similarity, the code of each)


def pairs_alike(records, released, solutions):
    """Return a list of `Pair`, those with most in common first.

    `released` and `solutions` have, by exercise, the cell as students got it and the course's answer.
    """
    answers = {}
    for record in records:
        for exercise in record["exercises"]:
            if exercise["code"]:
                answers.setdefault(exercise["exercise"], []).append((record["student"], exercise["code"]))
    pairs = {}
    for name, given in sorted(answers.items()):
        for one, other, similarity in _alike(given, released.get(name, ""), solutions.get(name, "")):
            pair = pairs.setdefault((one[0], other[0]), Pair((one[0], other[0])))
            pair.exercises.append((name, similarity, one[1], other[1]))
    return sorted(pairs.values(), key=lambda pair: (-sum(exercise[1] for exercise in pair.exercises), pair.students))


def _alike(given, released, solution):
    """Yield those two answers to an exercise that are nearly the same, and how much so."""
    tokens = [tokens_of(code, released) for _, code in given]
    known = tokens_of(solution, released)
    own = [
        at
        for at, one in enumerate(tokens)
        if len(one) >= FEWEST_TOKENS and Indel.normalized_similarity(one, known) < ALIKE
    ]
    near = {at: [] for at in own}
    for number, at in enumerate(own):
        for other in own[number + 1 :]:
            similarity = Indel.normalized_similarity(tokens[at], tokens[other], score_cutoff=ALIKE)
            if similarity:
                near[at].append((other, similarity))
                near[other].append((at, similarity))
    many = max(FEWEST_COMMON, COMMON * len(given))
    for at, others in near.items():
        if len(others) + 1 < many:
            yield from ((given[at], given[other], similarity) for other, similarity in others if other > at)


def tokens_of(code, released=""):
    """Return an answer's tokens without comments, docstrings and released lines; names that it defines are numbered."""
    known = {line.strip() for line in released.splitlines()}
    code = textwrap.dedent("\n".join(line for line in code.splitlines() if line.strip() not in known))
    own, tokens, begins = _defined(code), [], True
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type in _LAYOUT:
                begins = begins or token.type != tokenize.COMMENT
                continue
            if not (begins and token.type == tokenize.STRING):
                tokens.append(own.setdefault(token.string, len(own)) if token.string in own else token.string)
            begins = False
    except (tokenize.TokenError, SyntaxError):  # a bracket stays open, say: what came before counts
        pass
    numbers = {}
    return [numbers.setdefault(one, len(numbers)) if isinstance(one, int) else one for one in tokens]


def _defined(code):
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    names = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    names += [node.arg for node in nodes if isinstance(node, ast.arg)]
    return {name: number for number, name in enumerate(dict.fromkeys(names))}
