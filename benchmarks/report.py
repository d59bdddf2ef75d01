"""RESULTS.md and its figures, made from the numbers that the sections left in build/bench/.

A section that has no numbers there, because only another one was run, keeps the text that
RESULTS.md already has for it.
"""

import json
import re
from pathlib import Path

from benchmarks.settings import SECTIONS, module_of
from lenet_helpers.system.paths import COURSE

INTRODUCTION = """# Benchmarks

Made by `make bench`, which runs `python -m benchmarks`; `python -m benchmarks --help` lists the sections and
their options. Times are medians of runs that took turns on one machine, each beside what it is compared with;
"×" is a ratio of two of them. The load is the mean number of busy processes in the minute before a section began:
near 0, the machine was quiet. Everything runs on the CPU.
"""

QUICK = "**A quick run: tiny sizes, on the bundled sample. It shows that everything runs, and measures nothing.**"


class Store:
    """Where a run keeps its numbers and writes its report.

    Parameters
    ----------
    quick : bool
        A quick run has a place of its own, so that it never takes that of real results.
    build, results : Path, optional
        Folders for the numbers and for the report.
    """

    def __init__(self, quick=False, build=None, results=None):
        self.build = (build or COURSE / "build" / "bench") / ("quick" if quick else "")
        self.results = self.build if quick else results or Path(__file__).parent

    def save(self, section, result):
        """Keep the numbers of a section."""
        self.build.mkdir(parents=True, exist_ok=True)
        (self.build / f"{section}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    def load(self, section):
        """Return the numbers of a section, or None."""
        file = self.build / f"{section}.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def write(self):
        """Write RESULTS.md and the figures; return the path of the former."""
        self.results.mkdir(parents=True, exist_ok=True)
        target = self.results / "RESULTS.md"
        parts = sections_of(target.read_text(encoding="utf-8")) if target.exists() else {}
        for section in SECTIONS:
            result = self.load(section)
            if result:
                parts[section] = self._part(section, result)
        parts = [f"<!-- section {section} -->\n{parts[section]}" for section in SECTIONS if section in parts]
        target.write_text("\n".join([INTRODUCTION, *parts]), encoding="utf-8")
        return target

    def _part(self, section, result):
        module = module_of(section)
        lines = [f"## {SECTIONS[section]}", ""]
        if result["quick"]:
            lines += [QUICK, ""]
        lines += [module.show(result).strip(), ""]
        if hasattr(module, "draw"):
            alt = module.draw(result, self.results / f"{section}.png")
            lines += [f"![{alt}]({section}.png)", ""]
        lines += [provenance(result["machine"], section), ""]
        return "\n".join(lines)


def sections_of(text):
    """Return what RESULTS.md holds for each section."""
    pieces = re.split(r"^<!-- section (\w+) -->\n", text, flags=re.MULTILINE)
    return {name: part.rstrip("\n") + "\n" for name, part in zip(pieces[1::2], pieces[2::2], strict=True)}


def provenance(machine, section):
    """One line: command, machine, versions, date."""
    names = ("torch", "torchvision", "numpy", "scipy", "scikit-image", "pillow")
    versions = ", ".join(f"{name} {machine[name]}" for name in names)
    extra = "".join(f", {name} {machine[name]}" for name in ("load", "OMP_NUM_THREADS") if name in machine)
    return (
        f"`python -m benchmarks {section}` on {machine['processor']}, {machine['cores']} cores, {machine['system']}; "
        f"Python {machine['python']}, {versions}; {machine['date']}{extra}."
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
    from benchmarks.timing import median

    middle = duration(median(values))
    return middle if len(values) == 1 else f"{middle} ({duration(min(values))} to {duration(max(values))})"


def ratio(value):
    """Write a ratio."""
    return f"{value:,.0f} ×" if value >= 100 else f"{value:.3g} ×"


def percent(fraction):
    """Write a fraction as a percentage."""
    return f"{fraction:.2%}"


def new_figure(columns=1):
    """Return a figure and its axes, in the report's plain style."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 3.2), dpi=120, layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes
