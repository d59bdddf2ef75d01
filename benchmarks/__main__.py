"""``python -m benchmarks [SECTION ...]``: measure, and write benchmarks/RESULTS.md."""

import argparse
import traceback
from dataclasses import fields
from pathlib import Path

from benchmarks import machine
from benchmarks.report import Store
from benchmarks.settings import SECTIONS, Settings, module_of
from benchmarks.timing import say, seconds_of
from lenet_helpers.system.programs import run_program


def main(arguments=None, store=None):
    """Run the sections that are asked for, one after the other; return the exit status."""
    options = vars(_parser().parse_args(arguments))
    sections = options.pop("sections") or list(SECTIONS)
    report_only = options.pop("report")
    unknown = [name for name in sections if name not in SECTIONS]
    if unknown:
        _parser().error(f"unknown section {', '.join(unknown)}; choose from {', '.join(SECTIONS)}")
    settings = Settings(**options)
    store = store or Store(settings.quick)
    failed = []
    for section in [] if report_only else sections:
        say(f"{section}: {SECTIONS[section]}")
        try:
            took = seconds_of(lambda section=section: store.save(section, run(section, settings)))
            say(f"  done in {took:.0f} s")
        except Exception:  # the other sections still have their turn
            traceback.print_exc()
            failed.append(section)
    print(store.write())
    if failed:
        say(f"failed, and left as they were: {', '.join(failed)}")
    return 1 if failed else 0


def run(section, settings):
    """Return the numbers of one section, with the machine they were measured on."""
    about = machine.describe()  # before, so that its load is not the section's own
    result = module_of(section).measure(settings)
    return {"section": section, "quick": settings.quick, "machine": about, **result}


def _parser():
    sections = "\n".join(f"  {name:<10} {title.replace('`', '')}" for name, title in SECTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the course, and write benchmarks/RESULTS.md. Without a SECTION, measure all of them.",
        epilog=f"sections:\n{sections}\n\nThe numbers are kept in build/bench/.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = {field.name: field.default for field in fields(Settings)}
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, reported in build/bench/quick/")
    parser.add_argument("--report", action="store_true", help="measure nothing, only write the report again")
    parser.add_argument("--model", type=Path, metavar="FILE", help="model file (default: the course's model.pth)")
    parser.add_argument("--seeds", type=_seeds, metavar="N,N,...", help="race, ideas: default 0,1,2 (ideas: two)")
    for name, what in (
        ("original-runs", "race: runs of the original way, about 6 minutes each"),
        ("peer-epochs", "peer: epochs of PyTorch's example, about a minute each"),
        ("idea-epochs", "ideas: epochs of each of 30 runs, hours in all"),
        ("digits", "pictures, drawn: pages of each kind"),
    ):
        shown = default[name.replace("-", "_")]
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"{what} (default: {shown})")
    parser.add_argument("--arrays", type=_folder, metavar="DIR", help="pictures: also read the .npz files in DIR")
    parser.add_argument("--images", type=_folder, metavar="FOLDER", help="pictures: also read FOLDER, with labels.csv")
    parser.add_argument("--workers", type=int, metavar="N", help="pictures, drawn: processes to prepare with")
    parser.add_argument(
        "--more-models", type=_files, metavar="FILE,FILE,...", help="accuracy: also evaluate these, and the mean of all"
    )
    parser.add_argument("--reference", action="store_true", help="accuracy: also train the reference recipe")
    parser.add_argument("--tests", action="store_true", help="course: also time the parts of make test")
    parser.set_defaults(
        **{name: value for name, value in default.items() if name not in ("quick", "reference", "tests")}
    )
    return parser


def _seeds(text):
    return tuple(int(seed) for seed in text.split(","))


def _files(text):
    files = tuple(Path(name).expanduser() for name in text.split(","))
    for file in files:
        if not file.is_file():
            raise argparse.ArgumentTypeError(f"there is no file {file}")
    return files


def _folder(text):
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return folder


if __name__ == "__main__":
    run_program(main)
