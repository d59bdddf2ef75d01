"""``python -m benchmarks.reliability [CAMPAIGN ...]``: try to break the course, and write docs/RELIABILITY.md."""

import argparse
import importlib
import time
import traceback

from benchmarks import machine
from benchmarks.reliability.report import CAMPAIGNS, ON_REQUEST, Store
from benchmarks.timing import say
from lenet_helpers.system.programs import run_program


def main(arguments=None, store=None):
    """Run the campaigns that are asked for, one after the other; return 1 when one lost anything."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.campaigns if name not in CAMPAIGNS]:
        parser.error(f"unknown campaign {', '.join(unknown)}; choose from {', '.join(CAMPAIGNS)}")
    store = store or Store(options.quick)
    status = 0
    for campaign in (
        [] if options.report else options.campaigns or [name for name in CAMPAIGNS if name not in ON_REQUEST]
    ):
        say(f"{campaign}: {CAMPAIGNS[campaign]}")
        try:
            result = run(campaign, options.quick, options.seed)
        except Exception:  # the other campaigns still have their turn
            traceback.print_exc()
            status = 1
            continue
        store.save(campaign, result)
        for failure in result["failures"][:20]:
            say(f"  lost: {failure}")
            status = 1
        say(f"  {len(result['failures'])} failures, {result['seconds']:.0f} s")
    print(store.write())
    return status


def run(campaign, quick=True, seed=0):
    """Return the numbers of one campaign, with the machine that they come from."""
    about = machine.describe()
    started = time.perf_counter()
    result = importlib.import_module(f"benchmarks.reliability.{campaign}").run(quick, seed)
    return {"quick": quick, "seed": seed, "machine": about, "seconds": time.perf_counter() - started, **result}


def _parser():
    campaigns = "\n".join(f"  {name:<10} {title}" for name, title in CAMPAIGNS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability",
        description="Try to break the course, and write docs/RELIABILITY.md. Without a CAMPAIGN, run all but matrix.",
        epilog=f"campaigns:\n{campaigns}\n\nThe numbers are kept in build/reliability/.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("campaigns", nargs="*", metavar="CAMPAIGN")
    parser.add_argument("--quick", action="store_true", help="a few cases, reported in build/reliability/quick/")
    parser.add_argument("--report", action="store_true", help="run nothing, only write the report again")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is random (default: 0)")
    return parser


if __name__ == "__main__":
    run_program(main)
