"""Runs inside the sandbox: imports everything once, and forks for each submission.

    python template.py <socket

A message on the socket brings the files for the request, the reports and the errors of one submission; the answer
says when all of its processes are gone. This process itself reads nothing of a submission and runs none of it:

    template        waits, without a thread and without an open file that a fork could find
      anteroom      has entered new namespaces, and waits
        process 1   has furnished them, given up all rights, and buries orphans
          runner    reads the request, hands out the cells, watches the clock, says how each ended
            kernel  executes the cells with IPython's shell: here alone runs what a student wrote

Standalone like the runner, from which it takes what both do the same way.
"""

import asyncio
import builtins
import contextlib
import gc
import getpass
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
import warnings

import confining
from runner import LONGEST_TEXT, TIMED_OUT, limit, say

LONGEST_REPLY = 65536


def load():
    """Import what lessons import, and let it do once what takes time only once."""
    with contextlib.suppress(ImportError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lenet_helpers
        from lenet_helpers.exercises.catalogue import NAMES, asked_by

        for name in lenet_helpers.__all__:
            getattr(lenet_helpers, name)
        for name in NAMES:
            asked_by(name)
        import matplotlib.backends.backend_agg  # noqa: F401 - not pyplot: before it, any backend may be chosen
        import torch

        lenet_helpers.load_mnist(download=False)
        lenet_helpers.LeNet()(torch.zeros(1, 1, 28, 28)).sum().backward()


def make_shell():
    """Return IPython's shell as a kernel has it: it shows nothing, asks nobody, and outlives exit()."""
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.zmqshell import KernelMagics
    from IPython.core.error import StdinNotImplementedError
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets import Type
    from traitlets.config import Config

    class ZMQInteractiveShell(InteractiveShell):  # a name that libraries ask for
        compiler_class = Type(XCachingCompiler)
        shown = None  # the last error that a cell has shown, also one that did not end it

        def _showtraceback(self, etype, evalue, stb):
            self.shown = evalue

        def enable_gui(self, gui=None):
            pass

        def ask_exit(self):
            pass  # what comes after exit() is graded all the same

        def init_magics(self):
            super().init_magics()
            self.register_magics(KernelMagics)

    def refuse(name):
        def asked(*_, **__):
            raise StdinNotImplementedError(f"{name} was called, but this frontend does not support input requests.")

        return asked

    config = Config()
    config.HistoryManager.enabled = False
    shell = ZMQInteractiveShell.instance(config=config)
    shell.extension_manager.load_extension("storemagic")
    builtins.input, getpass.getpass = refuse("raw_input"), refuse("getpass")
    sys.breakpointhook = lambda *_, **__: None  # a kernel's waits for a debugger that is not there
    return shell


def main():
    control = socket.socket(fileno=0)
    load()
    shell = make_shell()
    gc.collect()
    gc.freeze()  # or each fork's first collection would copy all of it
    confining.give_up_keys()
    confining.set_readable_by_others(False)
    threads, files = os.listdir("/proc/self/task"), set(os.listdir("/proc/self/fd"))
    if len(threads) > 1 or len(files - {"0", "1", "2"}) > 1:  # one is the folder's own, while it is read
        sys.exit(f"the template has {len(threads)} threads and the open files {sorted(files)}: it must not be forked")
    control.send(b"ready")
    while True:
        message, handles, _, _ = socket.recv_fds(control, 65536, 3)
        if not message:  # whoever started this is gone
            return
        child = os.fork()
        if child == 0:
            _last_act(_anteroom, json.loads(message), handles, shell)
        for handle in handles:
            os.close(handle)
        ended = os.pidfd_open(child)
        ready, _, _ = select.select([ended, control], [], [])
        os.close(ended)
        if control in ready:  # gone, or impatient: with this process, all that it has started ends
            return
        os.waitpid(child, 0)
        control.send(b"done")


def _last_act(function, *arguments):
    """Call a function in a forked process, which ends with it."""
    status = 1
    try:
        function(*arguments)
        status = 0
    except BaseException:
        os.write(2, traceback.format_exc().encode()[-LONGEST_TEXT:])
    finally:
        os._exit(status)


def _anteroom(settings, handles, shell):
    for target, handle in enumerate(handles):
        os.dup2(handle, target)
    os.closerange(3, 65536)
    confining.enter_namespaces()
    first = os.fork()
    if first == 0:
        _last_act(_process_1, settings, shell)
    confining.drop_rights()
    _let_go()
    os.waitpid(first, 0)


def _process_1(settings, shell):
    confining.furnish(**settings["places"], disk=settings["limits"]["disk"])
    limit(settings["limits"])
    confining.drop_rights()
    runner = os.fork()
    if runner == 0:
        _last_act(_runner, settings["limits"], shell)
    _let_go()
    while os.wait()[0] != runner:  # orphans come here as well
        pass


def _let_go():
    """Keep none of the files that were handed in: who reads them waits for the last one to do so."""
    null = os.open("/dev/null", os.O_RDWR)
    for target in (0, 1, 2):
        os.dup2(null, target)
    os.close(null)


def _runner(limits, shell):
    ours, theirs = socket.socketpair()
    kernel = os.fork()  # before the notebook is read: cells with hidden tests that come later are not its own to see
    if kernel == 0:
        ours.close()
        _last_act(_kernel, theirs, shell)
    theirs.close()
    with open(0, "rb", closefd=False) as file:
        notebook = json.load(file)["notebook"]
    say(started=True)
    kernel_is_there = _Cells(ours, kernel, limits["cell_seconds"])
    for at, cell in enumerate(notebook["cells"]):
        skipped = "skip-execution" in cell.get("metadata", {}).get("tags", [])
        if cell["cell_type"] == "code" and cell["source"].strip() and not skipped:
            reply = kernel_is_there.execute(at, cell["source"])
            if reply is None:
                say(died=True)
                return
            say(cell=at, **reply)
    say(finished=True)


class _Cells:
    """Hands cells to the kernel, one after the other."""

    def __init__(self, channel, kernel, seconds):
        self._channel, self._kernel, self._seconds = channel, kernel, seconds
        self._ended = os.pidfd_open(kernel)  # its children may keep the channel open
        self._to_send = self._read = b""
        channel.setblocking(False)

    def execute(self, at, source):
        """Return what a report says of the cell's error, empty where there is none; or None where the kernel is gone.

        A kernel that takes too long is interrupted, and gets the next cell all the same.
        """
        deadline = time.monotonic() + self._seconds
        self._to_send += json.dumps({"cell": at, "source": source}).encode() + b"\n"
        while True:
            to_write = [self._channel] if self._to_send else []
            to_read, left = [self._channel, self._ended], max(deadline - time.monotonic(), 0)
            can_read, can_write, _ = select.select(to_read, to_write, [], left)
            if not (can_read or can_write):
                os.kill(self._kernel, signal.SIGINT)
                return {"error": TIMED_OUT, "message": ""}
            try:
                if can_write:
                    self._to_send = self._to_send[self._channel.send(self._to_send) :]
                if can_read == [self._ended]:
                    return None
                if can_read:
                    chunk = self._channel.recv(LONGEST_REPLY)
                    self._read += chunk
                    if not chunk or len(self._read) > LONGEST_REPLY:
                        return None
            except OSError:
                return None
            *lines, self._read = self._read.split(b"\n")
            for line in lines:
                reply = _reply_in(line)
                if reply.get("cell") == at:  # otherwise it comes too late, of one that was interrupted
                    return {name: str(reply[name]) for name in ("error", "message") if name in reply}


def _reply_in(line):
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return reply if isinstance(reply, dict) else {}


def _kernel(channel, shell):
    _let_go()
    os.setsid()
    confining.set_readable_by_others(True)  # this process's memory is the submission's own
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # but while a cell runs
    sys.stdout.reconfigure(errors="backslashreplace")  # nobody reads it, and nothing is to fail there
    for name in ("numpy", "torch"):  # what was drawn in the template's place would be the same for everybody
        if name in sys.modules:
            (sys.modules[name].random.seed if name == "numpy" else sys.modules[name].seed)()
    sys.path.pop(0)  # this file's folder; as in a kernel, the notebook's comes after the course and Python itself
    sys.path.insert(next((at for at, path in enumerate(sys.path) if path.endswith("-packages")), 0), "")
    for name in ("confining", "runner"):
        sys.modules.pop(name)
    asyncio.new_event_loop().run_until_complete(_answer(channel, shell))


async def _answer(channel, shell):
    own = os.getpid()
    asyncio._unregister_task(asyncio.current_task())  # who cancels all tasks does not mean this one
    reader, writer = await asyncio.open_connection(sock=channel, limit=2**30)
    while line := await reader.readline():
        asked = json.loads(line)
        reply = {"cell": asked["cell"]}
        try:
            error = await _executed(shell, asked["source"])
        except KeyboardInterrupt as late:  # it came between two cells
            error = late
        if os.getpid() != own:  # the cell has forked: the next one is not the child's
            os._exit(0)
        if error is not None:
            reply |= {"error": type(error).__name__[:100], "message": _text(error)[:LONGEST_TEXT]}
        writer.write(json.dumps(reply).encode() + b"\n")
        await writer.drain()


async def _executed(shell, source):
    """Return what a cell ended in, or None. As in ipykernel, one that awaits becomes a task of the loop."""
    shell.shown = None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        transformed = shell.transform_cell(source)
        asynchronous = shell.should_run_async(source, transformed_cell=transformed)
    except Exception:
        asynchronous = False
    try:
        if asynchronous:
            running = asyncio.ensure_future(
                shell.run_cell_async(source, store_history=True, transformed_cell=transformed)
            )
            signal.signal(signal.SIGINT, lambda *_: running.cancel())
            result = await running
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        else:
            result = shell.run_cell(source, store_history=True)
    except asyncio.CancelledError:
        return KeyboardInterrupt()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return shell.shown or result.error_before_exec or result.error_in_exec


def _text(error):
    try:
        return str(error)
    except Exception:
        return ""


if __name__ == "__main__":
    main()
