"""The class while it writes: what waits for the disk, what waits to be read, and what the board is told.

All of it happens in the server's event loop; the disk and the network have a thread each.
"""

import asyncio
import random
from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor

from lenet_helpers.demos.classroom.guard import MOST_IN_ALL, Refused
from lenet_helpers.demos.classroom.reading import AT_ONCE, Results

WRITING_SECONDS = 60
"""Who was asked for a digit longer ago has gone away."""

MOST_SHOWN = 300
"""So many digits, and so many mistakes, a board gets that is opened later."""


class Room:
    """A class that writes.

    Parameters
    ----------
    store : Store
    reader : Reader

    Attributes
    ----------
    network : asyncio.Future
        What the tablets' own network is made of, once the model is loaded.
    events : list of dict
        What the board is told: a digit that was read, or one that is gone.
    """

    def __init__(self, store, reader):
        self.store, self.reader = store, reader
        self.network = asyncio.get_running_loop().create_future()
        self.results, self.events = Results(), []
        self.unread = list(store.labels)  # the newest, at the end, come first
        self._order = {key: number for number, key in enumerate(store.labels)}  # in which they came
        self.changed, self._work = asyncio.Event(), asyncio.Event()
        self._asked = OrderedDict()  # writer to the digit that is being written, and since when; the longest first
        self._disk, self._waiting, self._writing = ThreadPoolExecutor(1, "disk"), [], None

    def ask(self, writer):
        """Return the digit that a writer shall write next: the one of which the class has fewest."""
        now = asyncio.get_running_loop().time()
        self._asked.pop(writer, None)
        while self._asked and next(iter(self._asked.values()))[1] < now - WRITING_SECONDS:
            self._asked.popitem(last=False)
        counts = Counter(self.store.labels.values()) + Counter(digit for digit, _ in self._asked.values())
        fewest = min(counts[digit] for digit in range(10))
        digit = random.choice([digit for digit in range(10) if counts[digit] == fewest])
        self._asked[writer] = digit, now
        return digit

    async def write(self, key, label, picture):
        """Put a digit on the disk; what arrives meanwhile shares the next trip there."""
        if len(self.store.labels) + len(self._waiting) >= MOST_IN_ALL and key not in self.store.labels:
            raise Refused(409, f"the class has written {MOST_IN_ALL:,} digits: thank you, that is enough")
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(((key, label, picture), done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await done

    async def _write_all(self):
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                new = await self._on_disk(self.store.add, [digit for digit, _ in waiting])
            except OSError as error:
                outcome = Refused(503, f"the teacher's disk does not take it: {error.strerror}")
                new = []
            else:
                outcome = None
            self.unread += new
            self._order |= {key: number for number, key in enumerate(new, len(self._order))}
            self._work.set()
            for _, done in waiting:
                if not done.done():  # whoever sent it may be gone
                    done.set_exception(outcome) if outcome else done.set_result(None)

    async def remove(self, writer):
        """Take away all that a writer wrote."""
        await self._on_disk(self.store.remove, writer)
        self._tell({"gone": str(key)} for key in self.results.remove(writer))

    async def hide(self, key):
        """Take a digit off the board."""
        await self._on_disk(self.store.hide, key)
        self._tell([{"gone": str(key)}])

    async def read_on(self):
        """Load the model and read whatever is written, for ever.

        Raises
        ------
        ModelError
            The model can't be used.
        """
        self.network.set_result(await asyncio.wrap_future(self.reader.load()))
        while True:
            self._work.clear()
            while self.unread:
                keys = [self.unread.pop() for _ in range(min(AT_ONCE, len(self.unread)))]
                answers = await asyncio.wrap_future(self.reader.read([self.store.file(key) for key in keys]))
                self._tell(filter(None, map(self._note, keys, answers)))
            await self._work.wait()

    def _note(self, key, answer):
        if key in self.store.labels:  # not removed meanwhile
            self.results.add(key, self.store.labels[key], answer)
            return self._shown(key)

    def _shown(self, key):
        if str(key) not in self.store.state["hidden"]:
            label, digit, confidence = self.results.readings[key]
            at = self._order[key]
            return {"id": str(key), "at": at, "label": label, "read": digit, "confidence": confidence}

    def _tell(self, events):
        self.events += events
        self.changed.set()
        self.changed = asyncio.Event()

    def summary(self):
        """Numbers for the board; see `Results.summary`."""
        return {**self.results.summary(), "unread": len(self.unread)}

    def latest(self):
        """Return the digits that a board shows at first: the latest, and the latest mistakes, in their order."""
        shown = sorted(filter(None, map(self._shown, self.results.readings)), key=lambda digit: digit["at"])
        mistakes = [digit for digit in shown[:-MOST_SHOWN] if digit["read"] != digit["label"]]
        return mistakes[-MOST_SHOWN:] + shown[-MOST_SHOWN:]

    async def close(self):
        """Write what waits, and end the threads."""
        if self._writing:
            await self._writing
        self._disk.shutdown()
        self.reader.close()

    def _on_disk(self, work, *arguments):
        return asyncio.get_running_loop().run_in_executor(self._disk, work, *arguments)
