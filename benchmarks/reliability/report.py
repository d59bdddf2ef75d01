"""docs/RELIABILITY.md, made from the numbers that the campaigns left in build/reliability/.

A campaign that has no numbers there, because only another one was run, keeps the text that
the report already has for it.
"""

import importlib
import json

from benchmarks.report import sections_of
from lenet_helpers.system.paths import COURSE

CAMPAIGNS = {
    "crowd": "Thirty programs that start at once on an empty data folder",
    "damaged_pictures": "Damaged and hostile picture files",
    "fuzzing": "Pictures that a fuzzer finds",
    "damaged_models": "Damaged and hostile model files",
    "saving": "Trainings that are killed",
    "disks": "Disks that are full or read-only",
    "stopping": "Ctrl-C, and Kernel → Interrupt",
    "offline": "Without a network",
    "memory": "Memory of a process that works for long",
    "matrix": "Pythons and versions of torch",
}
"""Name of each campaign's module, and its title in the report, in its order."""

ON_REQUEST = {"matrix"}
"""Campaigns that run only when they are named: this one installs several GB for each Python."""

INTRODUCTION = """# Reliability

Made by `make reliability`, which runs `python -m benchmarks.reliability`; with `--help` it lists the campaigns and
their options. Each says what was tried, how often, and what was lost. Small versions of the campaigns are among
the tests (`make test`), with the same code and a few cases each.
"""

QUICK = "**A quick run: a few cases. It shows that everything runs, and little else.**"


class Store:
    """Where a run keeps its numbers and writes its report.

    Parameters
    ----------
    quick : bool
        A quick run has a place of its own, so that it never takes that of real results.
    build, docs : Path, optional
        Folders for the numbers and for the report.
    """

    def __init__(self, quick=False, build=None, docs=None):
        self.build = (build or COURSE / "build" / "reliability") / ("quick" if quick else "")
        self.docs = self.build if quick else docs or COURSE / "docs"

    def save(self, campaign, result):
        """Keep the numbers of a campaign."""
        self.build.mkdir(parents=True, exist_ok=True)
        (self.build / f"{campaign}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    def load(self, campaign):
        """Return the numbers of a campaign, or None."""
        file = self.build / f"{campaign}.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def write(self):
        """Write RELIABILITY.md; return its path."""
        self.docs.mkdir(parents=True, exist_ok=True)
        target = self.docs / "RELIABILITY.md"
        parts = sections_of(target.read_text(encoding="utf-8")) if target.exists() else {}
        for campaign in CAMPAIGNS:
            if result := self.load(campaign):
                parts[campaign] = _part(campaign, result)
        parts = [f"<!-- section {name} -->\n{parts[name]}" for name in CAMPAIGNS if name in parts]
        target.write_text("\n".join([INTRODUCTION, *parts]), encoding="utf-8")
        return target


def _part(campaign, result):
    """The campaign's own text, what was lost, and where and when it ran."""
    lines = [f"## {CAMPAIGNS[campaign]}", ""]
    if result["quick"]:
        lines += [QUICK, ""]
    lines += [importlib.import_module(f"benchmarks.reliability.{campaign}").show(result).strip(), ""]
    if failures := result["failures"]:
        shown = failures[:20]
        lines += [f"**{len(failures):,} failed:**", "", *(f"- {failure}" for failure in shown)]
        lines += [f"- … and {len(failures) - len(shown):,} more"] * (len(failures) > len(shown)) + [""]
    else:
        lines += ["Lost: nothing.", ""]
    machine = result["machine"]
    versions = ", ".join(f"{name} {machine[name]}" for name in ("python", "torch", "numpy", "pillow"))
    lines += [
        f"`make reliability CAMPAIGN={campaign}`, {result['seconds']:.0f} s on {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}; {versions}; {machine['date']}.",
        "",
    ]
    return "\n".join(lines)
