"""The two reports and their figures, made from the numbers that sections and campaigns left in build/bench/.

What has no numbers there, because only another one was run, keeps the text that its report
already has for it.
"""

import json
import re
import statistics
from dataclasses import dataclass

from benchmarks.machine import PACKAGES
from benchmarks.settings import CAMPAIGNS, SECTIONS, TITLES, module_of
from lenet_helpers.system.paths import COURSE

QUICK = "**A quick run: tiny sizes, on the bundled sample. It shows that everything runs, and measures nothing.**"
MOST_FAILURES = 20
"""So many are written out; the others are counted."""


@dataclass(frozen=True)
class Report:
    """A file in the course's folder: its place, what it holds, and what stands above that."""

    file: str
    names: dict
    introduction: str


REPORTS = (
    Report(
        "benchmarks/RESULTS.md",
        SECTIONS,
        """# Benchmarks

Made by `make bench`, which runs `python -m benchmarks`; `python -m benchmarks --help` lists the sections and
their options. Times are medians of runs that took turns on one machine, each beside what it is compared with;
"×" is a ratio of two of them. The load is the mean number of busy processes in the minute before a section began:
near 0, the machine was quiet. Everything but "On a graphics card" runs on the CPU.
""",
    ),
    Report(
        "docs/RELIABILITY.md",
        CAMPAIGNS,
        """# Reliability

Made by `make reliability`, which runs `python -m benchmarks --campaigns`; `python -m benchmarks --help` lists the
campaigns and their options. Each says what was tried, how often, and what was lost. Small versions of the campaigns
are among the tests (`make test`), with the same code and a few cases each.
""",
    ),
)


class Store:
    """Where a run keeps its numbers and writes its reports; a quick run has a place of its own."""

    def __init__(self, quick=False, build=None, course=COURSE):
        self.build = (build or COURSE / "build" / "bench") / ("quick" if quick else "")
        self.course = self.build if quick else course

    def save(self, name, result):
        """Keep the numbers of a section or a campaign."""
        self.build.mkdir(parents=True, exist_ok=True)
        (self.build / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    def load(self, name):
        """Return the numbers of a section or a campaign, or None."""
        file = self.build / f"{name}.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def write(self):
        """Write the reports that there is something for, with their figures; return their paths."""
        return [path for report in REPORTS if (path := self._write(report))]

    def _write(self, report):
        target = self.course / report.file
        parts = parts_of(target.read_text(encoding="utf-8")) if target.exists() else {}
        results = {name: result for name in report.names if (result := self.load(name))}
        if not results and not parts:
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        parts |= {name: _part(name, result, target.parent) for name, result in results.items()}
        parts = [f"<!-- section {name} -->\n{parts[name]}" for name in report.names if name in parts]
        target.write_text("\n".join([report.introduction, *parts]), encoding="utf-8")
        return target


def parts_of(text):
    """Return what a report holds for each section or campaign."""
    pieces = re.split(r"^<!-- section (\w+) -->\n", text, flags=re.MULTILINE)
    return {name: part.rstrip("\n") + "\n" for name, part in zip(pieces[1::2], pieces[2::2], strict=True)}


def _part(name, result, folder):
    """Title, the module's own text and figure, what was lost, and where and when it ran."""
    module = module_of(name)
    blocks = [f"## {TITLES[name]}", *[QUICK] * result["quick"], module.show(result).strip()]
    if hasattr(module, "draw"):
        alt = module.draw(result, folder / f"{name}.png")
        blocks.append(f"![{alt}]({name}.png)")
    if "failures" in result:
        blocks.append(_lost(result["failures"]))
    return "\n\n".join([*blocks, _provenance(name, result)]) + "\n"


def _lost(failures):
    if not failures:
        return "Lost: nothing."
    more = [f"- … and {len(failures) - MOST_FAILURES:,} more"] * (len(failures) > MOST_FAILURES)
    lines = [f"- {failure}" for failure in failures[:MOST_FAILURES]] + more
    return f"**{len(failures):,} failed:**\n\n" + "\n".join(lines)


def _provenance(name, result):
    """One line: command, machine, versions, date."""
    machine, took = result["machine"], f"{result['took']:.0f} s"
    facts = [f"{fact} {machine[fact]}" for fact in (*PACKAGES, "load", "OMP_NUM_THREADS") if fact in machine]
    return (
        f"`python -m benchmarks {name}`, {took} on {machine['processor']}, {machine['cores']} cores, "
        f"{machine['system']}; Python {machine['python']}, {', '.join(facts)}; {machine['date']}."
    )


def table(header, rows, texts=1):
    """Return a Markdown table; so many of the first columns are text, the others are numbers."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    rule = ["-" * width if i < texts else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines)


def duration(seconds):
    """Write a time with three digits, in the unit that suits it."""
    unit, factor = next((u for u in (("s", 1), ("ms", 1e3)) if seconds * u[1] >= 1), ("µs", 1e6))
    value = seconds * factor
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def spread(values):
    """Write the median of times, and between what they lie."""
    middle = duration(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({duration(min(values))} to {duration(max(values))})"


def verdict(value, goal):
    """Write a time's goal, and whether it was reached; a dash where there is none."""
    return f"{duration(goal)}, {'reached' if value <= goal else 'missed'}" if goal else "–"


def ratio(value):
    """Write a ratio."""
    return f"{value:,.0f} ×" if value >= 100 else f"{value:.3g} ×"


def percent(fraction):
    """Write a fraction as a percentage."""
    return f"{fraction:.2%}"


def pivot(title, counts, columns):
    """Return a table of counts (row, column, int); `columns` has each column's title, `title` is that of the first."""
    found = {(row, column): count for row, column, count in counts}
    rows = sorted({row for row, _, _ in counts})
    cells = [[row.replace("_", " "), *(f"{found.get((row, column), 0):,}" for column in columns)] for row in rows]
    sums = [f"{sum(found.get((row, column), 0) for row in rows):,}" for column in columns]
    return table([title, *columns.values()], [*cells, ["all", *sums]])


def new_figure(columns=1):
    """Return a figure and its axes, in the report's plain style."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 3.2), dpi=120, layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes
