"""``python -m benchmarks [NAME ...]``: run sections and campaigns, and write the reports."""

import argparse
import time
import traceback

from benchmarks import machine
from benchmarks.report import Store
from benchmarks.settings import CAMPAIGNS, ON_REQUEST, OPTIONS, SECTIONS, TITLES, Settings, module_of
from benchmarks.timing import say
from lenet_helpers.system.programs import run_program


def main(arguments=None, store=None):
    """Run what is asked for, one after the other; return 1 when something failed or was lost."""
    parser = _parser()
    options = vars(parser.parse_args(arguments))
    names, campaigns, report_only = (options.pop(key) for key in ("names", "campaigns", "report"))
    if unknown := [name for name in names if name not in TITLES]:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(TITLES)}")
    names = names or [name for name in (CAMPAIGNS if campaigns else SECTIONS) if name not in ON_REQUEST]
    settings = Settings(**options)
    store = store or Store(settings.quick)
    status = 0
    for name in [] if report_only else names:
        say(f"{name}: {TITLES[name]}")
        try:
            result = run(name, settings)
        except Exception:  # the others still have their turn
            traceback.print_exc()
            say("  failed, and left as it was in the report")
            status = 1
            continue
        store.save(name, result)
        for failure in result.get("failures", [])[:20]:
            say(f"  lost: {failure}")
            status = 1
        say(f"  done in {result['took']:.0f} s")
    print(*store.write(), sep="\n")
    return status


def run(name, settings):
    """Return the numbers of one section or campaign, with the machine that they come from."""
    about = machine.describe()  # before, so that its load is not the section's own
    started = time.perf_counter()
    result = module_of(name).measure(settings)
    return {"quick": settings.quick, "machine": about, "took": time.perf_counter() - started, **result}


def _parser():
    titles = "\n".join(f"  {name:<18}{title.replace('`', '')}" for name, title in TITLES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the course, or try to break it, and write benchmarks/RESULTS.md and docs/RELIABILITY.md.",
        epilog=f"names (without one, all that measure):\n{titles}\n\nThe numbers are kept in build/bench/.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--campaigns", action="store_true", help="without a NAME, try to break the course instead")
    parser.add_argument("--report", action="store_true", help="run nothing, only write the reports again")
    for name, option in OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", default=getattr(Settings, name), **option)
    return parser


if __name__ == "__main__":
    run_program(main)
