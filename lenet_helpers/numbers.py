"""Numbers: read several digits in one picture, in a row or in rows.

Taught at the end of notebook 05. `lenet_helpers.preparation.rows` cuts each row of a page more often than needed;
here the network reads every piece and every join of neighbours as it reads a single digit, and the best path
through them is the number: the way in which LeNet itself read cheques (LeCun et al., 1998).
"""

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise

import cv2
import numpy as np

from lenet_helpers.evaluation import doubt
from lenet_helpers.inference import SURE, WHOLE, Prediction, course_model, evidence, judge, prediction_of
from lenet_helpers.preparation.judging import INK_COUNTS
from lenet_helpers.preparation.masks import bounding_box, mean_stroke
from lenet_helpers.preparation.pictures import read_image
from lenet_helpers.preparation.rows import Row, cut_between_rows, find_rows, without_lines, without_surroundings
from lenet_helpers.preparation.steps import PAGE_SIDE, SEEN, Step, Way, find_pages, less_likely, name_of, prepare

SUREST = 8.0
"""More evidence than that (see `Judged`) speaks no louder: half of a 0 looks like a perfect 1."""

CUT_COSTS = 6.0
"""What a cut costs for each stroke that it goes through."""

SHORTEST, THINNEST, PALEST = 0.75, 0.4, 0.75
"""A digit that is less tall than so much of its row, thinner than so much of the page's pen, or paler than so much of
its row's ink, is doubtful ..."""

SHORT_COSTS, THIN_COSTS, PALE_COSTS = 30.0, 60.0, 120.0
"""... by so much evidence for a whole height, width or darkness. So commas, dots, dashes, thin lines and printed ones
come to nothing."""

WIDE, WIDE_COSTS = 0.9, 6.0
"""A digit that is wider than so much of its row's height is doubtful as well: two that touch may look like one."""

LEAST_READ, MOST_DOUBTFUL, LEAST_SCORE = 0.8, 0.5, 4.0
"""A number accounts for so much of the ink, so many of its digits at most are doubtful, and it has such a `Page.score`,
or it may be none."""

MOST_ARCS = 2500
"""So many pieces and joins are read at most, three seconds' work; 200 digits have half as many."""


@dataclass(frozen=True)
class NumberDigit:
    """A digit of a number.

    Attributes
    ----------
    prediction : Prediction
    box : tuple of four floats
        (left, top, right, bottom) as fractions of the width and the height of the picture, upright.
    """

    prediction: Prediction
    box: tuple


@dataclass(frozen=True)
class Reading:
    """What the network reads in a picture that may hold several digits.

    Attributes
    ----------
    text : str
        The digits, from left to right; rows from top to bottom, with a line break between them.
    digits : list of NumberDigit
        In the order of the text.
    warning : str or None
        Why the text is doubtful: there is no digit, some ink was not read, or a digit is nearly tied.
    steps : list of Step
        How the picture was read, as `explain_number` shows it.
    graphs : list of Graph
        One for each row; none where the picture was read as a single digit.
    """

    text: str
    digits: list = field(repr=False)
    warning: str | None = None
    steps: list = field(default_factory=list, repr=False)
    graphs: list = field(default_factory=list, repr=False)

    @property
    def confidence(self):
        """Probability that every digit is right, in [0, 1]: the product of theirs; 0 without a digit."""
        return math.prod(digit.prediction.confidence for digit in self.digits) if self.digits else 0.0


def best_path(scores):
    """Find the path from the first cut to the last that has the greatest sum of scores. Taught in notebook 05.

    The best path to a cut is the best path to some cut before it, and one arc more: so the best paths to all
    cuts are found one after the other, from left to right (dynamic programming; Bellman, 1957).

    Parameters
    ----------
    scores : ndarray of float, shape (N + 1, N + 1)
        ``scores[i, j]`` of the arc from cut i to cut j, for i < j: of what stands between them, read as one
        digit; -inf where there is no arc.

    Returns
    -------
    list of int
        The cuts on the path, from 0 to N.
    """
    total, came = np.zeros(len(scores)), np.zeros(len(scores), int)
    for cut in range(1, len(scores)):
        ways = total[:cut] + scores[:cut, cut]
        came[cut], total[cut] = ways.argmax(), ways.max()
    path = [len(scores) - 1]
    while path[-1]:
        path.append(int(came[path[-1]]))
    return path[::-1]


@dataclass(frozen=True, eq=False)
class Graph:
    """The graph of a row: its nodes are the cuts, and from each one an arc leads to every cut that ends a digit there.

    Attributes
    ----------
    row : Row
    reads : dict of (int, int) to tuple
        The arcs, from cut to cut: pixels, probabilities and evidence of what stands between.
    scores : ndarray of float, shape (N + 1, N + 1)
        What `best_path` takes.
    path : list of int
        The cuts on the best path.
    digits : list of (int, int)
        Its arcs, but for those that stand for nothing, such as a comma.
    """

    row: Row
    reads: dict
    scores: np.ndarray
    path: list
    digits: list

    @property
    def total(self):
        return sum(self.scores[arc] for arc in pairwise(self.path))

    @property
    def left_out(self):
        """(first, last) of the pieces before, between and behind the digits, which stand for nothing."""
        ends, starts = (0, *(last for _, last in self.digits)), (*(first for first, _ in self.digits), self.path[-1])
        return [(end, start) for end, start in zip(ends, starts, strict=True) if end < start]

    @property
    def arcs(self):
        """(from cut, to cut, digit, score, whether it is on the path) of each arc, for `plots.cut_graph`."""
        return [
            (*arc, int(probabilities.argmax()), float(self.scores[arc]), arc in self.digits)
            for arc, (_, probabilities, _) in self.reads.items()
        ]


@dataclass(frozen=True, eq=False)
class Page:
    """A page as one of the ways of `find_pages` shows it, the graphs of its rows, and the strokes cut between rows."""

    way: Way
    graphs: list
    contacts: float = 0.0

    @property
    def score(self):
        """How well it explains the picture, as `Judged.score`: its evidence is the mean over all lines."""
        heights = np.array([graph.row.height / graph.row.place[2] for graph in self.graphs])
        lengths = heights @ [graph.row.length(0, len(graph.row.boxes)) for graph in self.graphs]
        evidence = heights @ [graph.total for graph in self.graphs] - CUT_COSTS * self.contacts * heights.max(initial=0)
        read = np.clip(self.inked / self.way.found.sum(), 1e-3, 1)
        return self.way.odds + evidence / max(lengths, 1e-6) + INK_COUNTS * math.log(read)

    @property
    def digits(self):
        """(graph, arc) of each digit, in the order of reading."""
        return [(graph, arc) for graph in self.graphs for arc in graph.digits]

    @property
    def inked(self):
        """How much ink the digits account for: the sum over its points."""
        cuts = [(*graph.row.cut(*arc), graph.row.place[2]) for graph, arc in self.digits]
        return sum(ink[mask].sum() / factor**2 for ink, mask, factor in cuts)


def read_number(model, image):
    """Read all digits in a picture: what `ImageClassifier.read` does.

    Returns
    -------
    Reading

    Raises
    ------
    ImageError
        The picture can't be read, or is blank.
    """
    name, picture = name_of(image), read_image(image, PAGE_SIDE)  # unpacked once for both
    readings = judge(model, [prepare(picture, name)])[0]
    best = readings[0]
    # What one way takes for a sheet may be the inside of a 0.
    several = any(reading.way.several for reading in readings if reading.way.odds >= best.way.odds)
    if best.evidence > SURE and best.way.kept > WHOLE and (best.way.several or not several):
        return _of_one(readings)
    pages = [page for way in find_pages(picture, name) for page in _read_pages(model, way)]
    page = max(pages, key=lambda page: page.score)
    alone = best.score - max(0, best.evidence - SUREST) + (0 if several else SEEN)
    one = len(page.digits) == 1 or (alone > page.score and (best.way.kept > WHOLE or not several))
    return _of_one(readings) if one else _of_page(page)


def explain_number(image, model=None):
    """Show how a number is read: the steps of `explain`, then the rows, the cuts and the path. Taught in notebook 05.

    Parameters
    ----------
    image, model
        As for `explain`.

    Returns
    -------
    list of Step

    Raises
    ------
    ImageError
        The picture can't be read, or is blank.
    """
    return read_number(model or course_model(), image).steps


def _of_one(readings):
    """The `Reading` of a picture with one digit; the box is that of its ink."""
    prediction, mask = prediction_of(readings), readings[0].way.mask
    box = (0.0, 0.0, 1.0, 1.0)
    if mask is not None:
        down, across = bounding_box(mask)
        box = _fractions((across.start, down.start, across.stop, down.stop), mask.shape)
    return Reading(str(prediction.digit), [NumberDigit(prediction, box)], prediction.warning, prediction.steps)


def _read_pages(model, way):
    """A page as it is, without lines and without what lies beside it; each once more, cut between its rows."""
    ways, rest = [way], without_surroundings(way.mask)
    if rest is not way.mask:
        found = np.where(way.mask & ~rest, 0, way.found)
        paper = way.note("the paper", rest, "What lies beside the paper is taken away.", mask=rest, found=found)
        ways = [paper, less_likely(way)]
    rest = without_lines(ways[0].mask)
    if rest is not ways[0].mask:
        ways.append(ways[0].note("no line", rest, "The line on which the digits stand is taken away.", mask=rest))
    pages = []
    for way in ways:
        pages.append(_read_page(model, way))
        apart = cut_between_rows(way.mask)
        if apart is not way.mask:
            strokes = np.count_nonzero(way.mask & ~apart) / 2 / mean_stroke(way.mask)  # a cut is two pixels wide
            pages.append(replace(_read_page(model, replace(way, mask=apart)), contacts=strokes))
    return pages


def _read_page(model, way):
    """Read pieces and joins of neighbours, and find the best path through each row.

    What no cut has parted is read first. Where it is a digit beyond doubt, its pieces need not be read.
    """
    rows, pen = find_rows(way.ink, way.mask), mean_stroke(way.mask)
    arcs = [list(row.candidates()) for row in rows]
    wholes = [[arc for arc in of_row if not row.contacts[[*arc]].any()] for row, of_row in zip(rows, arcs, strict=True)]
    if not rows or sum(map(len, wholes)) > MOST_ARCS:
        return Page(way, [])
    reads = _read_arcs(model, rows, wholes)
    rest = [_unsure(*of_row, pen) for of_row in zip(rows, arcs, reads, strict=True)]
    if sum(map(len, rest)) > MOST_ARCS:
        return Page(way, [])
    reads = [read | more for read, more in zip(reads, _read_arcs(model, rows, rest), strict=True)]
    return Page(way, [_graph(row, read, pen) for row, read in zip(rows, reads, strict=True)])


def _unsure(row, arcs, reads, pen):
    """The arcs not read yet that meet none which is a digit beyond doubt."""
    sure = [arc for arc, (*_, evidence) in reads.items() if evidence >= SUREST and not _against(row, *arc, pen)]
    return [
        arc for arc in arcs if arc not in reads and not any(arc[0] < last and first < arc[1] for first, last in sure)
    ]


def _read_arcs(model, rows, arcs):
    """For each row a dict from its arcs to pixels, probabilities and evidence, all read in one batch."""
    pixels = [row.pixels(*arc) for row, of_row in zip(rows, arcs, strict=True) for arc in of_row]
    reads = zip(pixels, *evidence(model, np.stack(pixels)), strict=True) if pixels else iter(())
    return [{arc: next(reads) for arc in of_row} for of_row in arcs]


def _graph(row, reads, pen):
    as_digit = np.full((len(row.boxes) + 1,) * 2, -np.inf)
    as_nothing = as_digit.copy()
    for (first, last), read in reads.items():
        against = _against(row, first, last, pen)
        as_digit[first, last] = row.length(first, last) * (min(read[-1], SUREST) - against)
        if last == first + 1:  # one piece, be it a comma or a dash
            as_nothing[first, last] = -row.length(first, last)
    scores = np.maximum(as_digit, as_nothing) - CUT_COSTS * row.contacts
    path = best_path(scores)
    return Graph(row, reads, scores, path, [arc for arc in pairwise(path) if as_digit[arc] > as_nothing[arc]])


def _against(row, first, last, pen):
    """How much speaks against a digit here, whatever the network reads: too short, thin, pale or wide."""
    tall, wide = row.size(first, last)
    ink, mask = row.cut(first, last)
    return (
        SHORT_COSTS * max(0, SHORTEST - tall)
        + THIN_COSTS * max(0, THINNEST - mean_stroke(mask) / (pen * row.place[2]))
        + PALE_COSTS * max(0, PALEST - ink[mask].mean() / row.darkness)
        + WIDE_COSTS * max(0, wide - WIDE)
    )


def _of_page(page):
    """The `Reading` of a page: its text, row by row, and what is doubtful about it."""
    digits = []
    for graph, arc in page.digits:
        pixels, probabilities, evidence = graph.reads[arc]
        warning = doubt(probabilities, evidence)
        prediction = Prediction(int(probabilities.argmax()), probabilities, pixels, warning and _sentence(warning))
        digits.append(NumberDigit(prediction, _fractions(graph.row.box(*arc), page.way.mask.shape)))
    read = iter(digits)
    lines = ["".join(str(next(read).prediction.digit) for _ in graph.digits) for graph in page.graphs]
    text = "\n".join(filter(None, lines))
    return Reading(text, digits, _warning(page, digits), page.way.steps + _strip(page, text), page.graphs)


def _sentence(text):
    return text[:1].upper() + text[1:]


def _warning(page, digits):
    if not page.graphs:
        return "There are too many pieces of ink for a number; crop the picture to it"
    if not digits:
        return "There is no digit in the picture"
    doubtful = [(place, digit.prediction) for place, digit in enumerate(digits, 1) if digit.prediction.warning]
    seen = page.way.ink[page.way.mask].sum()  # without ruled lines
    many = len(doubtful) > MOST_DOUBTFUL * len(digits)
    if many or page.inked < LEAST_READ * seen or page.score < LEAST_SCORE:
        return "Much of the ink does not look like digits"
    warnings = [f"digit {place}, {one.digit}: {one.warning[:1].lower()}{one.warning[1:]}" for place, one in doubtful]
    if any(_is_large(graph.row, *pieces) for graph in page.graphs for pieces in graph.left_out):
        warnings.append("a piece of ink that may be a digit was left out")
    return _sentence("; ".join(warnings)) or None


def _is_large(row, first, last):
    """Whether what was left out has the stroke of a digit, and half its height: a comma and a dash haven't."""
    return min(row.length(first, last), 2 * row.size(first, last)[0]) > SHORTEST


def _strip(page, text):
    """Three pictures of a page: its rows, its cuts, and the path that was taken."""
    paper = np.rint(255 * (1 - page.way.ink / max(page.way.ink.max(), 1e-6))).astype(np.uint8)[:, :, None].repeat(3, 2)
    rows, cuts, path = paper.copy(), paper.copy(), paper.copy()
    for number, graph in enumerate(page.graphs):
        row = graph.row
        _frame(rows, row.box(0, len(row.boxes)), COLOURS[number % len(COLOURS)])
        for cut in row.cuts:
            y, x = np.rint(cut / row.place[2] + row.place[:2]).astype(int).T
            inside = (0 <= y) & (y < len(cuts)) & (0 <= x) & (x < cuts.shape[1])
            cuts[y[inside], x[inside]] = COLOURS[0]
    for graph, arc in page.digits:
        _frame(path, graph.row.box(*arc), COLOURS[1])
    count = sum(len(graph.row.cuts) for graph in page.graphs)
    joins = sum(len(graph.reads) for graph in page.graphs)
    return [
        Step("rows", rows, f"Ink at one level is a row; rows found: {len(page.graphs)}."),
        Step("cuts", cuts, f"Cuts through ink: {count}, wherever digits may touch. Pieces and joins read: {joins}."),
        Step("path", path, f"The best path through them reads {text.replace(chr(10), ' / ') or 'nothing'}."),
    ]


COLOURS = ((220, 50, 47), (38, 139, 210), (133, 153, 0), (211, 54, 130))


def _frame(picture, box, colour):
    left, top, right, bottom = (round(side) for side in box)
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), colour, 1 + max(picture.shape) // 400)


def _fractions(sides, shape):
    """(left, top, right, bottom) as fractions of a picture's width and height."""
    return tuple(min(1.0, max(0.0, side / whole)) for side, whole in zip(sides, shape[1::-1] * 2, strict=True))
