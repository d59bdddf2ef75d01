"""What strangers may send to a class: tokens, limits, and what a digit must look like."""

import hashlib
import hmac
import json
import time
from collections import OrderedDict

from tornado.web import HTTPError

from lenet_helpers.drawing.strokes import PAD, check_strokes, draw_strokes

MOST_BYTES = 64 * 1024
MOST_NUMBERS = 6000
"""Of all points of a digit together: somebody who draws slowly needs a thousand."""

WIDEST = PAD // 5
"""Widest brush."""

MOST_OF_A_WRITER = 500
MOST_IN_ALL = 20_000
DIGITS_A_SECOND = 5
WRONG_TOKENS = 20
"""So many wrong tokens from one address, and for a minute it gets nothing at all."""


class Refused(HTTPError):
    """A request that is not followed: a status of HTTP, and a sentence for whoever sent it."""

    def __init__(self, status, sentence):
        super().__init__(status)
        self.sentence = sentence


class Rate:
    """How often something may happen, for each of many names.

    Each name has a bucket of `burst` drops, which fills again at `per_second`. Names that were not seen for long are
    forgotten first, so that no stranger fills the memory.
    """

    def __init__(self, burst, per_second, names=4096, clock=time.monotonic):
        self.burst, self.per_second, self.names, self.clock = burst, per_second, names, clock
        self._buckets = OrderedDict()

    def left(self, name):
        """How many drops there are."""
        level, then = self._buckets.get(name, (self.burst, 0))
        return min(self.burst, level + (self.clock() - then) * self.per_second)

    def take(self, name):
        """Take a drop; False when there is none."""
        left = self.left(name)
        self._buckets[name] = (left - (left >= 1), self.clock())
        self._buckets.move_to_end(name)
        while len(self._buckets) > self.names:
            self._buckets.popitem(last=False)
        return left >= 1


class Door:
    """Lets in who has the right token, and for a while nobody from where many wrong ones came."""

    def __init__(self, clock=time.monotonic):
        self._wrong = Rate(WRONG_TOKENS, WRONG_TOKENS / 60, clock=clock)

    def check(self, token, expected, visitor):
        """Refused, unless the token is right. The comparison takes as long for a nearly right one as for any."""
        if self._wrong.left(visitor) < 1:
            raise Refused(429, "too many wrong addresses: wait a minute")
        if not hmac.compare_digest(token.encode(), expected.encode()):
            self._wrong.take(visitor)
            raise Refused(403, "this address is not that of the class: type it as the board shows it")


def key_of(secret, writer):
    """What shows that a tablet is that of a writer: only the server can compute it, and keeps no list."""
    return hmac.new(bytes.fromhex(secret), str(writer).encode(), hashlib.sha256).hexdigest()


def message(body, fields):
    """Return the fields of a JSON object: these, each a whole number, a text or a list as given, and no other."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "this is not JSON") from None
    if not isinstance(content, dict) or {name: type(value) for name, value in content.items()} != fields:
        raise Refused(400, f"it must have {', '.join(fields)}, each of its type, and nothing else")
    return content


def writer_of(content, secret):
    """Return the writer's number in a message that proves it."""
    writer, key = content["writer"], content["key"].encode(errors="replace")
    if not 0 <= writer < 10**8 or not hmac.compare_digest(key, key_of(secret, writer).encode()):
        raise Refused(403, "this is not your number")
    return writer


def checked_digit(content):
    """Return number, label and picture of a message; Refused for what nobody can have drawn on the pad."""
    number, label, strokes = content["number"], content["label"], content["strokes"]
    if not 0 <= number < MOST_OF_A_WRITER:
        raise Refused(409, f"you have written {MOST_OF_A_WRITER} digits: thank you, that is enough")
    if not 0 <= label <= 9:
        raise Refused(400, "the label must be a digit")
    try:
        check_strokes(strokes)
        sizes = [len(stroke["points"]) for stroke in strokes]
        whole = all(type(value) is int for stroke in strokes for value in (stroke["width"], *stroke["points"]))
    except (ValueError, TypeError):
        raise Refused(400, "these are no strokes") from None
    if not whole or sum(sizes) > MOST_NUMBERS or any(stroke["width"] > WIDEST for stroke in strokes):
        raise Refused(400, "nobody draws such strokes on the pad")
    picture = draw_strokes(strokes)
    if picture.getextrema()[0] > 128:
        raise Refused(400, "there is no ink on the pad")
    return number, label, picture
