"""Tables as spreadsheets and learning platforms write them."""

import csv
import io
from dataclasses import dataclass

from lenet_helpers.grading.errors import GradingError
from lenet_helpers.system.whole_files import written_whole

_BEGINNINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass
class Table:
    """A CSV file's lines, the first of them apart, and how they were written."""

    header: list
    rows: list
    delimiter: str = ","
    encoding: str = "utf-8-sig"

    def column(self, *names):
        """Return the position of the first column with one of these names, in small or capital letters, or None."""
        found = [at for at, title in enumerate(self.header) if title.strip().lower() in names]
        return found[0] if found else None


def read_table(path):
    """Read a CSV file in UTF-8, UTF-16 or Windows' Latin, with commas, semicolons or tabs between its columns."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GradingError(f"{path} can't be read: {error.strerror}.") from error
    encoding = _BEGINNINGS.get(content[:2], "utf-8-sig")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    if not lines:
        raise GradingError(f"{path} is empty. Its first line has to name the columns.")
    width = len(lines[0])
    rows = [line + [""] * (width - len(line)) for line in lines[1:]]
    return Table(lines[0], rows, delimiter, encoding)


def write_table(path, table):
    """Write a table whole or not at all; Excel tells by its first bytes that it is UTF-8, and shows every letter."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=table.delimiter, lineterminator="\n")
    writer.writerows([table.header, *table.rows])
    with written_whole(path) as file:
        file.write(text.getvalue().encode(table.encoding))
