"""What the notebook tools share: where the lessons are, and how one is executed."""

import asyncio
import atexit
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

COURSE = Path(__file__).resolve().parent.parent
NOTEBOOKS = COURSE / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
os.environ["LENET_PROGRESS"] = "off"  # what a tool runs is nobody's progress


class LessonError(Exception):
    """A notebook that did not run to its end; the message names the notebook, the cell and the error."""


def lesson_paths():
    """Return the paths of the lessons, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def make_data_path_absolute(environment=os.environ):
    """Make a relative LENET_DATA absolute: kernels start in notebooks/, where it would mean something else."""
    root = environment.get("LENET_DATA", "")
    if root not in ("", "sample"):
        environment["LENET_DATA"] = str(Path(root).expanduser().absolute())


def read(path):
    """Return the notebook at `path` in the current format."""
    return nbformat.read(path, as_version=4)


def execute(notebook, name, timeout=300, folder=None, go_on=False):
    """Execute all cells of `notebook` in place, each within `timeout` seconds; return the seconds it took in all.

    Earlier outputs are removed first. The kernel starts in `folder`, notebooks/ when not given. A cell that ends in an
    error raises `LessonError`, which begins with `name`, unless the others are to `go_on`.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    at = 0

    def note_cell(cell, cell_index):
        nonlocal at
        at = cell_index + 1

    client = NotebookClient(
        notebook,
        timeout=timeout,
        allow_errors=go_on,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        # What goes wrong is in the notebook. A kernel that Ctrl-C ends while it answers would tell the terminal so.
        extra_arguments=["--log-level=50"],
        on_cell_execute=note_cell,
        resources={"metadata": {"path": str(folder or NOTEBOOKS)}},
    )
    started = time.perf_counter()
    try:
        _run(client)
    except CellExecutionError as error:
        raise LessonError(f"{name}, cell {at}: {error.ename}: {error.evalue}") from error
    except CellTimeoutError as error:
        raise LessonError(f"{name}, cell {at}: took more than {timeout} s") from error
    except DeadKernelError as error:
        raise LessonError(f"{name}, cell {at}: the kernel died (out of memory?)") from error
    finally:
        drop_widgets(notebook)
    return time.perf_counter() - started


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that leaves signals to the program."""

    def add_signal_handler(self, sig, callback, *arguments):
        # nbclient takes Ctrl-C for an order to shut the kernel down, and goes on asking the
        # kernel that is gone. It knows this error: outside the main thread every loop raises it.
        raise RuntimeError("signals are left to the program")


def _run(client):
    """Execute a notebook; Ctrl-C ends its kernel and is raised as KeyboardInterrupt."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(_execute_and_clean_up(client))


async def _execute_and_clean_up(client):
    manager = client.create_kernel_manager()
    try:
        await client.async_execute()
    except BaseException:
        # Interrupted before nbclient's own care begins, or in the middle of it, the kernel lives on.
        if client.kc is not None:
            await _first_beat(client.kc.hb_channel)
            client.kc.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)
        atexit.unregister(client._cleanup_kernel)
        if asyncio.current_task().cancelling():  # by Ctrl-C; nbclient calls that a dead kernel
            raise asyncio.CancelledError from None
        raise


async def _first_beat(heart, patience=1.0):
    """Wait until the heartbeat's thread is at work: told to stop before that, it opens sockets until none is left."""
    deadline = time.monotonic() + patience  # a kernel that has died beats no more
    while heart.is_alive() and not heart.is_beating() and time.monotonic() < deadline:
        await asyncio.sleep(0.01)


def drop_widgets(notebook):
    """Remove what only a running kernel can show.

    Widget state makes code hosts refuse a notebook, and a page of HTML would fetch a
    renderer for it. An output that offers something else beside the widget, such as a
    picture, keeps that.
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        kept = []
        for output in cell.outputs:
            if WIDGET_VIEW in output.get("data", {}):
                del output.data[WIDGET_VIEW]
                if set(output.data) <= {"text/plain"}:  # only the name of the widget's class
                    continue
            kept.append(output)
        cell.outputs = kept
