"""The ``lenet`` command, for everybody who draws, trains and reads, for students and for instructors.

Results go to standard output, everything else to standard error. torch and the
lesson modules are imported inside the commands, so ``lenet --version`` and
``lenet --help`` answer at once.
"""

import importlib.util
import json
import os
import sys
import warnings
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path

import click

import lenet_helpers.system.sparing  # noqa: F401
from lenet_helpers import __version__
from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.paths import MODEL
from lenet_helpers.system.programs import INTERRUPTED, run_program, this_python

DEFAULT_OUT = Path("lenet.pth")
_FOR_THE_READER = (CourseError, OSError)
"""Errors that say what to do; all others are mistakes in the program."""

_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_NEW_FILE = click.Path(path_type=Path, dir_okay=False)
_NEW_FOLDER = click.Path(path_type=Path, file_okay=False)

_model_option = click.option(
    "--model", type=_PATH, default=MODEL, show_default="the course's model.pth", help="Model file to use."
)
_data_option = click.option(
    "--data",
    metavar="ROOT",
    help="Folder that holds MNIST/raw, or the word 'sample'. [default: $LENET_DATA, else data/ in the course folder]",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_host_option = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 lets tablets in."
)
_port_option = click.option("--port", type=click.IntRange(1, 65535), help="[default: the first free one from 8866 on]")


def main(arguments=None):
    """Run the command line and exit with its status. Takes ``sys.argv`` when nothing is given."""
    warnings.showwarning = _show_warning
    try:
        status = cli.main(arguments, prog_name="lenet", standalone_mode=False)
    except click.ClickException as error:
        # A usage error shows the command's usage line and a pointer to --help.
        error.show() if isinstance(error, click.UsageError) else _say(error.format_message())
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        status = INTERRUPTED
    except _FOR_THE_READER as error:
        _say(error)
        status = 1
    sys.exit(status or 0)


def program():
    """The ``lenet`` command as a process of its own."""
    run_program(main, "lenet: interrupted")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lenet", message="%(prog)s %(version)s")
def cli():
    """Read handwritten digits with the LeNet of the course, train it, and measure it."""


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_model_option
@_json_option
def predict(files, model, as_json):
    """Read the digit in each image FILE, and in each image of a FILE that is a folder."""

    def answer(classifier, file):
        prediction = classifier.classify(file)
        shown = f"{prediction.digit} (confidence {prediction.confidence:.1%})"
        return shown, {"digit": int(prediction.digit), **_facts(prediction), "warning": prediction.warning}

    return _read_files(files, model, as_json, answer)


def _facts(prediction):
    probabilities = [float(p) for p in prediction.probabilities]
    return {"confidence": float(prediction.confidence), "probabilities": probabilities}


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_model_option
@_json_option
def read(files, model, as_json):
    """Read the number in each image FILE, and in each image of a FILE that is a folder: digits in a row or in rows.

    Rows are shown with a slash between them.
    """

    def answer(classifier, file):
        reading = classifier.read(file)
        shown = reading.text.replace("\n", " / ")
        shown = f"{shown} (confidence {reading.confidence:.1%})" if shown else "no digit"
        digits = [
            {"digit": one.prediction.digit, "box": one.box, **_facts(one.prediction), "warning": one.prediction.warning}
            for one in reading.digits
        ]
        facts = {"text": reading.text, "confidence": reading.confidence, "digits": digits, "warning": reading.warning}
        return shown, facts

    return _read_files(files, model, as_json, answer)


def _read_files(files, model, as_json, answer):
    """Show what `answer` makes of each file: a text and a dict. What can't be read doesn't stop the others."""
    from lenet_helpers import ImageClassifier, load_model, pick_device
    from lenet_helpers.preparation.folder import pictures_in

    classifier = ImageClassifier(load_model(model, pick_device()))
    answers, failed = [], False
    for file in (str(each) for name in files for each in (pictures_in(name) or [name])):
        try:
            shown, facts = answer(classifier, file)
        except _FOR_THE_READER as error:
            message = str(error) if file in str(error) else f"{file}: {error}"
            _say(message)
            answers.append({"file": file, "error": message})
            failed = True
            continue
        if facts["warning"]:
            _say(f"{file}: {facts['warning']}")
        answers.append({"file": file, **facts})
        if not as_json:
            click.echo(f"{file}: {shown}")
    if as_json:
        _print_json(answers)
    return 1 if failed else 0


@cli.command()
@click.option("--recipe", type=click.Choice(["fast", "best", "reference"]), default="fast", show_default=True)
@click.option(
    "--out",
    type=_PATH,
    show_default=f"{DEFAULT_OUT}, if there is none yet",
    help="Model file to write; one that is there is replaced.",
)
@click.option("--seed", type=int, help="Of first weights, order and augmentation. [default: the recipe's]")
@click.option("--epochs", type=click.IntRange(min=1), help="[default: the recipe's]")
@_data_option
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads. [default: 1; more seldom help]")
@click.option(
    "--checkpoint",
    type=_PATH,
    metavar="FILE",
    help="Save the run there after each epoch and at Ctrl-C; when the file is there, go on from it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each epoch, and one at the end.")
def train(recipe, out, seed, epochs, data, threads, checkpoint, as_json):
    """Train a LeNet from scratch and write it to a file.

    Prints one line for each epoch. The test split is not looked at: see `lenet evaluate`.

    With several processes: torchrun --nproc-per-node=N -m lenet_helpers train ...
    """
    out = _checked_out(out)  # before the training, not after it

    from lenet_helpers.fitting.distributed import process_group

    with process_group() as ranks:
        return _train(ranks, recipe, out, {"seed": seed, "epochs": epochs}, data, threads, checkpoint, as_json)


def _train(ranks, recipe, out, changes, data, threads, checkpoint, as_json):
    from lenet_helpers import RECIPES, LeNet, TrainingRun, load_mnist

    chosen = replace(RECIPES[recipe], **{name: value for name, value in changes.items() if value is not None})
    mnist, model = load_mnist(data), LeNet(seed=chosen.seed)
    run = TrainingRun(model, mnist.train, mnist.validation, chosen, threads=threads, checkpoint=checkpoint)
    if ranks.rank > 0:  # the first process talks
        for _ in run:
            pass
        return 0
    if run.steps_done:
        _say(f"{checkpoint}: going on after step {run.steps_done:,} of {run.steps_total:,}")
    shared = f", {ranks.count} processes" if ranks.count > 1 else ""
    _say(f"{chosen.name}, {chosen.epochs} epochs, seed {chosen.seed}{shared}; {mnist.source}")
    _train_to_the_end(run, ranks, as_json)
    if not run.finished:
        kept = f"; {checkpoint} goes on from here: say the same command again" if checkpoint else ""
        _say(f"interrupted; {out} was not written{kept}")
        return INTERRUPTED
    return _finish_training(run, out, mnist.source, threads, as_json)


def _train_to_the_end(run, ranks, as_json):
    """Train, or go on, until the end or Ctrl-C, and show a line for each epoch."""
    from contextlib import nullcontext

    from lenet_helpers import stop_on_interrupt

    if not as_json:
        click.echo("epoch  train loss  validation loss  validation accuracy  seconds")
    # One process alone may stop after its step; several would wait for it.
    with stop_on_interrupt(run) if ranks.count == 1 else nullcontext():
        for record in chain(list(run.records), run):
            if as_json:
                # the losses of single steps would be thousands of numbers
                _print_json({k: v for k, v in vars(record).items() if k != "step_losses"}, indent=None)
            else:
                click.echo(
                    f"{record.epoch:5d}  {record.train_loss:10.4f}  {record.validation_loss:15.4f}  "
                    f"{record.validation_accuracy:19.2%}  {record.seconds:7.1f}"
                )


def _finish_training(run, out, source, threads, as_json):
    from lenet_helpers import environment_stamp, save_model
    from lenet_helpers.system.devices import thread_limit

    save_model(run.model, out)
    accuracy, seconds = run.records[-1].validation_accuracy, sum(record.seconds for record in run.records)
    if as_json:
        with thread_limit(threads):
            environment = environment_stamp()
        summary = {
            "model": str(out),
            "data": source,
            "recipe": asdict(run.recipe),
            "validation_accuracy": accuracy,
            "seconds": seconds,
            "environment": environment,
        }
        _print_json(summary, indent=None)
    else:
        click.echo(f"{out}: validation accuracy {accuracy:.2%}, trained in {seconds:.0f} s")
    _say(f"Now measure it on the test split: lenet evaluate --model {out}")
    return 0


@cli.command()
@_model_option
@click.option("--split", type=click.Choice(["test", "validation", "train"]), help="Split of MNIST. [default: test]")
@_data_option
@click.option(
    "--images",
    type=_FOLDER,
    metavar="FOLDER",
    help="Measure on your own images instead: those that FOLDER/labels.csv lists (columns: path, label), "
    "or those in the folders FOLDER/0 to FOLDER/9.",
)
@click.option(
    "--errors",
    type=_NEW_FOLDER,
    metavar="DIR",
    help="With --images: write a contact sheet of what was read wrong into DIR.",
)
@_json_option
def evaluate(model, split, data, images, errors, as_json):
    """Measure how often a model is right, on a split of MNIST or on a folder of images.

    "at slants" is the accuracy when each image is read at five slants and three sizes, as predict reads.
    """
    if images and (split or data):
        raise click.UsageError("--images takes the place of --split and --data.")
    if errors and not images:
        raise click.UsageError("--errors belongs to --images.")
    if images:
        return _evaluate_folder(model, images, errors, as_json)

    from lenet_helpers import (
        accuracy,
        count_parameters,
        environment_stamp,
        load_mnist,
        load_model,
        pick_device,
        probabilities_over_slants,
        to_input,
    )
    from lenet_helpers import evaluate as evaluate_split

    network = load_model(model)  # before the data, which may have to be downloaded
    mnist = load_mnist(data)
    split = split or "test"
    measured = getattr(mnist, split)
    result = evaluate_split(network.to(pick_device()), measured)
    slanted = probabilities_over_slants(network, to_input(measured.pixels)).argmax(dim=1).cpu().numpy()
    facts = {
        "model": str(model),
        "parameters": count_parameters(network),
        "data": mnist.source,
        "split": split,
        "images": len(result.labels),
        "accuracy": result.accuracy,
        "error": result.error,
        "loss": result.loss,
        "accuracy_at_slants": accuracy(result.labels, slanted),
    }
    if as_json:
        _print_json({**facts, "environment": environment_stamp()})
    else:
        facts["at slants"] = facts.pop("accuracy_at_slants")
        shown = {"loss": ".4f", "images": ",", "parameters": ","}
        shown |= dict.fromkeys(("accuracy", "error", "at slants"), ".2%")
        for name, value in facts.items():
            click.echo(f"{name:<10}  {format(value, shown.get(name, ''))}")
    return 0


@cli.command()
@click.argument("out", type=_PATH, metavar="OUT.html")
@_model_option
@_data_option
def page(out, model, data):
    """Write a page that reads handwriting in any browser, without Python or a server.

    It is one file, for an attachment or a memory stick, with the model in it.
    """
    out = _checked_out(out)

    from lenet_helpers import load_mnist, load_model, take_home

    network = load_model(model)  # before the data, which may have to be downloaded
    take_home(network, out, model.name, load_mnist(data).validation)
    click.echo(f"{out}: {out.stat().st_size / 1000:.0f} kB; open it in a browser")
    return 0


@cli.command()
@_model_option
@_data_option
@_host_option
@_port_option
@click.option("--token", help="What visitors need, 8 characters or more. [default: a random one if --host lets any in]")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open a browser.")
@click.option("--base-url", default="/", metavar="PATH", help="Where a proxy has the page, such as /user/anna/demo/.")
@click.option("--frame-ancestors", multiple=True, metavar="ORIGIN", help="Let the pages of ORIGIN show it in a frame.")
def demo(model, data, host, port, token, browser, base_url, frame_ancestors):
    """Show all live demos on one page, for a projector. Ctrl-C ends it.

    Tablets that --host lets in get a page that needs no process here, with a link to all demos.
    """
    from lenet_helpers.demos.server import serve

    if data:
        os.environ["LENET_DATA"] = data if data == "sample" else str(Path(data).expanduser().absolute())
    serve(model, host, port, token, browser, base_url, frame_ancestors, say=click.echo)
    return 0


@cli.command("class")
@click.argument("folder", type=_NEW_FOLDER, metavar="DIR")
@_model_option
@_host_option
@_port_option
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the board in a browser.")
def class_(folder, model, host, port, browser):
    """Let a class write digits on tablets, show them on a board, and keep them in DIR. Ctrl-C ends it.

    DIR gets labels.csv and the pictures, for `lenet evaluate --images DIR`. The same command goes on with them.
    """
    from lenet_helpers.demos.classroom.server import serve

    serve(folder, model, host, port, browser, say=click.echo)
    return 0


def _evaluate_folder(model, images, errors, as_json):
    from lenet_helpers import ImageClassifier, environment_stamp, load_model, pick_device
    from lenet_helpers.preparation.folder import contact_sheet, evaluate_folder
    from lenet_helpers.system.whole_files import written_whole

    result = evaluate_folder(ImageClassifier(load_model(model, pick_device())), images)
    if errors:
        errors.mkdir(parents=True, exist_ok=True)
        sheet = errors / "errors.png"
        with written_whole(sheet) as file:
            contact_sheet(result.errors).save(file, "PNG")
        _say(f"{sheet}: each mistake beside what the network saw")
    status = 0 if result.complete else INTERRUPTED
    if as_json:
        facts = _fields(result, "complete", "images", "accuracy", "mean_over_folders", "by_folder", "counts")
        told = ("label", "prediction", "confidence", "message")
        errors = [{"file": str(mistake.file), **_fields(mistake, *told)} for mistake in result.errors]
        about = {"model": str(model), "data": str(images)}
        _print_json({**about, **facts, "errors": errors, "environment": environment_stamp()})
        return status
    for mistake in result.errors:
        if mistake.prediction is None:
            _say(mistake.message)
            continue
        click.echo(f"{mistake.file}: {mistake.label} read as {mistake.prediction} ({mistake.confidence:.1%})")
    width = max(map(len, [*result.by_folder, "mean over folders"]))
    click.echo(f"{'folder':<{width}}  images  accuracy")
    for name, value in result.by_folder.items():
        click.echo(f"{name:<{width}}  {result.counts[name]:6d}  {value:8.2%}")
    if len(result.by_folder) > 1:
        click.echo(f"{'mean over folders':<{width}}  {'':6}  {result.mean_over_folders:8.2%}")
    click.echo(f"{'all images':<{width}}  {result.images:6d}  {result.accuracy:8.2%}")
    return status


@cli.command()
@_json_option
def doctor(as_json):
    """Say whether this computer has what the course needs, and what to do where it has not.

    "fail" is what must be mended, "note" what only some need.
    """
    from lenet_helpers.cli.doctor import examine

    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            click.echo(finding)
    if as_json:
        _print_json([asdict(finding) for finding in findings])
    return 1 if any(finding.state == "fail" for finding in findings) else 0


@cli.command()
@click.argument("lesson", required=False)
@_json_option
def progress(lesson, as_json):
    """Say which exercises are right and which are open, as the checks in the notebooks said last.

    LESSON is such as 02 or 02_architecture; all without one. What the last `lenet hand-in` said stands beside it.
    """
    from lenet_helpers.exercises.keeping import LESSONS, POINTS
    from lenet_helpers.exercises.keeping import progress as found

    if lesson not in (None, *LESSONS, *(name[:2] for name in LESSONS)):
        raise click.BadParameter(f"{lesson} is none of {', '.join(LESSONS)}.", param_hint="LESSON")
    standing = found(lesson)
    if as_json:
        points = POINTS * sum(one.right for one in standing.lessons)
        _print_json({**asdict(standing), "points": points, "next": standing.next})
    else:
        click.echo(standing)
    return 0


@cli.command("hand-in")
@click.argument("notebooks", nargs=-1, type=_FILE)
@click.option("--name", help="For the archive's name. [default: your name on this computer]")
@click.option(
    "--unfinished", is_flag=True, help="Pack also what does not run or is not right yet; the archive says so."
)
@click.option("--no-zip", is_flag=True, help="Only run and say, as for yourself.")
@click.option("--seconds", type=click.IntRange(min=1), default=600, show_default=True, help="For one cell.")
def hand_in(notebooks, name, unfinished, no_zip, seconds):
    """Run each NOTEBOOK from a fresh start, say what is right, and pack hand-in-NAME.zip.

    Without a NOTEBOOK, all of the course's in this folder. Status 0 means that every notebook runs from top to
    bottom and every exercise is right.
    """
    import getpass
    import re

    from lenet_helpers.grading.handing_in import note_for_progress, notebooks_here, pack, report, run_notebook

    every = []
    for path in notebooks or notebooks_here():
        _say(f"{path.name} runs")
        every.append(run_notebook(path, seconds))
        click.echo("\n".join(report(every[-1])))
        note_for_progress(every[-1])
    complete = all(ran.complete for ran in every)
    whose = re.sub(r"[^-.\w]+", "-", name or getpass.getuser())
    out = Path(f"hand-in-{whose}.zip")
    if not no_zip and (complete or unfinished):
        pack(every, out)
        click.echo(f"{out}: hand this in" + ("" if complete else "; it says that it is unfinished"))
    elif not no_zip:
        _say("nothing was packed; to hand it in as it is, say the same with --unfinished")
    return 0 if complete else 1


@cli.command()
@click.argument("out", type=_NEW_FOLDER)
@click.option("--solutions", is_flag=True, help="Put the solved notebooks into OUT/solutions, for self-learners.")
@click.option("--replace", "replace_", is_flag=True, help="Replace an earlier release in OUT.")
@click.option("--address", help="What pip installs the course from where a notebook is opened alone, as on Colab.")
def release(out, solutions, replace_, address):
    """Write the students' course folder to OUT, without solutions and hidden tests."""
    _needs_instructor("nbgrader")
    from lenet_helpers.grading.release import release

    stamp = release(out, solutions=solutions, replace=replace_, address=address)
    for name, exercises in stamp["notebooks"].items():
        click.echo(f"{out / 'notebooks' / name}.ipynb  {len(exercises)} exercises")
    click.echo(f"{out}: version {stamp['version']}, release {stamp['release']}")
    return 0


@cli.command()
@click.argument("submissions", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--out",
    type=_NEW_FILE,
    required=True,
    metavar="MARKS.csv",
    help="File to write. Feedback, gradebook and report go into the folder of the same name beside it.",
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that grade.")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Grade on the workers of this Dask scheduler instead.")
@click.option(
    "--no-sandbox",
    is_flag=True,
    help="Run submissions with your own rights, files and network. For code that you trust.",
)
@click.option(
    "--data",
    metavar="ROOT",
    type=_FOLDER,
    help="Give submissions the full MNIST in ROOT/MNIST/raw. [default: the bundled sample]",
)
@click.option("--seconds", type=click.IntRange(min=10), default=300, show_default=True, help="For one notebook.")
@click.option(
    "--memory", type=click.IntRange(min=512), default=4096, show_default=True, help="For one notebook, in MB."
)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="That torch computes with.")
@click.option("--whole", is_flag=True, help="Run every cell, also those that no graded cell builds on.")
@click.option("--only", multiple=True, metavar="STUDENT", help="Grade this student alone; all others keep their marks.")
@click.option("--notebook", "notebooks", multiple=True, metavar="NAME", help="Grade this notebook alone, as 01_data.")
@click.option("--again", is_flag=True, help="Run submissions that have not changed as well.")
@click.option(
    "--adjust",
    type=_FILE,
    metavar="ADJUST.csv",
    help="Marks by hand: student, notebook, exercise, points, percent, comment. [default: adjust.csv beside MARKS.csv]",
)
def grade(submissions, no_sandbox, scheduler, seconds, memory, threads, **options):
    """Grade SUBMISSIONS/<student>/<notebook>.ipynb, or what Moodle, Canvas or Blackboard export, packed or not.

    Every submission is run in a sandbox. A run that was stopped goes on where it was, and
    submissions that have not changed are not run again. Scores entered by hand stay.
    """
    if sys.platform == "win32":
        raise click.ClickException(
            "grading needs Linux or macOS; on Windows, say the same command in the Linux that `wsl --install` sets up"
        )
    _needs_instructor("nbgrader", "psutil")
    if scheduler:
        _needs_instructor("distributed", extra="instructor,cluster")
    from lenet_helpers.grading.batch import grade
    from lenet_helpers.grading.box.limits import Limits
    from lenet_helpers.grading.box.sandbox import NoSandbox, find_sandbox
    from lenet_helpers.grading.records import in_words

    sandbox = NoSandbox() if no_sandbox else find_sandbox()
    if no_sandbox:
        _say("no sandbox: submissions run with your rights, files and network")
    limits = Limits(seconds=seconds, memory=memory, threads=threads)
    out = options["out"]
    summary = grade(submissions, sandbox=sandbox, scheduler=scheduler, limits=limits, say=_say, **options)
    for problem in summary.problems:
        _say(problem)
    for record in summary.records:
        click.echo(f"{record['student']}  {record['notebook']}  {in_words(record)}")
    _say(f"{summary.run} submissions run, {summary.kept} unchanged; {out} and {summary.folder}{os.sep} written")
    return 1 if summary.failed else 0


@cli.command()
@click.argument("marks_file", metavar="MARKS.csv", type=_FILE)
@click.option(
    "--fill",
    type=_FILE,
    metavar="GRADEBOOK.csv",
    help="The gradebook as Moodle, Canvas or Blackboard exports it. Students are matched by number, e-mail or name.",
)
@click.option("--column", help="Title of the column to fill. [default: the one that holds the name of --notebook]")
@click.option(
    "--notebook", "notebooks", multiple=True, metavar="NAME", help="Marks of this notebook alone, as 01_data."
)
@click.option("--out", type=_NEW_FILE, help="File to write. [default: a new one]")
def marks(marks_file, fill, column, notebooks, out):
    """Write one row a student from MARKS.csv, or fill one column of a learning platform's gradebook.

    The gradebook itself stays as it is: GRADEBOOK-filled.csv is written, for upload. Without --fill, it is
    MARKS-wide.csv, with the total, each notebook's and each exercise's marks.
    """
    _needs_instructor("nbgrader")
    from lenet_helpers.grading.marks import fill as fill_in
    from lenet_helpers.grading.marks import marks_in, wide
    from lenet_helpers.grading.tables import read_table, write_table

    found = marks_in(marks_file)
    if not fill:
        out = out or marks_file.with_name(f"{marks_file.stem}-wide.csv")
        write_table(out, wide(found))
        _say(f"{out}: {len(found)} students")
        return 0
    out, table = out or fill.with_name(f"{fill.stem}-filled.csv"), read_table(fill)
    if out.resolve() == fill.resolve():
        raise click.UsageError("--out is the gradebook itself; name another file.")
    title, filled, problems = fill_in(table, found, column, notebooks)
    write_table(out, table)
    for problem in problems:
        _say(problem)
    _say(f'{out}: {filled} of {len(found)} students filled into "{title}"')
    return 1 if problems else 0


def _needs_instructor(*packages, extra="instructor"):
    """Say what to install where a package of an extra is missing."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise click.ClickException(
            f"this command needs {' and '.join(missing)}. In the course folder: "
            f'{this_python()} -m pip install --editable ".[{extra}]"'
        )


def _checked_out(out):
    """The file to write to, after making sure that it can be written at all."""
    if out is None:
        out = DEFAULT_OUT
        if out.exists():
            raise click.ClickException(f"{out} is already there. To replace it, say --out {out}")
    if out.is_dir():
        raise click.ClickException(f"{out} is a folder. Name a file in it: --out {out / DEFAULT_OUT}")
    if not out.absolute().parent.is_dir():
        raise click.ClickException(f"{out}: there is no folder {out.parent}. Make it, or choose another with --out")
    if not os.access(out.absolute().parent, os.W_OK):
        raise click.ClickException(f"{out}: the folder {out.parent} can't be written to. Choose another with --out")
    return out


def _fields(thing, *names):
    return {name: getattr(thing, name) for name in names}


def _print_json(value, indent=2):
    click.echo(json.dumps(value, indent=indent))


def _say(message):
    """One line on standard error."""
    click.echo(f"lenet: {' '.join(str(message).split())}", err=True)


def _show_warning(message, category, filename, lineno, file=None, line=None):
    _say(message)
