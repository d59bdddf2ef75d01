"""Runs inside the sandbox: executes the cells of a notebook and says of each how it ended.

    python runner.py <request.json >reports.jsonl

Standalone, so that it needs nothing of the course. What it says is not trusted by whoever
reads it: the submission's code runs in a child of this process, with the same rights.
"""

import json
import os
import resource
import subprocess
import sys

LONGEST_TEXT = 1500
THREADS = 64  # beside the processes: the kernel has one limit for both
TIMED_OUT = "CellTimeoutError"
OUTLIVE_EXIT = "--IPKernelApp.exec_lines=get_ipython().ask_exit = lambda: None"  # or a later cell would die


def limit(limits):
    """Lower this process's limits, and with them those of all that it starts."""
    memory, disk = limits["memory"] * 2**20, limits["disk"] * 2**20
    wanted = {
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_CPU: 4 * limits["seconds"],
    }
    if limits["count_processes"]:  # outside of a user namespace, this would count all that the user runs
        wanted[resource.RLIMIT_NPROC] = limits["processes"] + THREADS
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):  # unknown to this system; the supervisor outside still watches
            continue


def say(**report):
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def main():
    request = json.load(sys.stdin)
    limit(request["limits"])
    # jsonschema, which nbformat imports, would spend a second on a grammar for addresses that nothing here checks.
    sys.modules["rfc3987_syntax"] = None

    import nbformat
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    class Client(NotebookClient):
        """Keeps nothing of what cells print or show: a gigabyte of it is as good as none."""

        def output(self, outs, msg, display_id, cell_index):
            if msg["msg_type"] == "error":
                errors[cell_index] = msg["content"]

    errors = {}

    def executed(cell, cell_index, execute_reply):
        content = execute_reply["content"]
        error = errors.get(cell_index) or (content if content.get("status") == "error" else None)
        if content.get("ename") == TIMED_OUT:  # whatever it answers when it is interrupted
            error = content
        if error is None:
            say(cell=cell_index)
        else:
            say(
                cell=cell_index,
                error=str(error.get("ename", ""))[:100],
                message=str(error.get("evalue", ""))[:LONGEST_TEXT],
            )

    # No ports: a file that only this user can open. Its path must be short.
    runtime = os.environ["JUPYTER_RUNTIME_DIR"]
    os.makedirs(runtime, exist_ok=True)
    config = Config()
    config.KernelManager.transport = "ipc"
    config.KernelManager.ip = os.path.join(runtime, "k")
    notebook = nbformat.from_dict(request["notebook"])
    client = Client(
        notebook,
        config=config,
        kernel_manager_class=AsyncKernelManager,
        kernel_name="python3",
        timeout=request["limits"]["cell_seconds"],
        startup_timeout=120,
        iopub_timeout=10,
        interrupt_on_timeout=True,
        allow_errors=True,
        force_raise_errors=False,
        record_timing=False,
        store_widget_state=False,
        error_on_timeout={"status": "error", "ename": TIMED_OUT, "evalue": "", "traceback": []},
        extra_arguments=["--HistoryManager.enabled=False", "--log-level=50", OUTLIVE_EXIT],
        on_cell_executed=executed,
        resources={"metadata": {"path": os.getcwd()}},
    )
    say(started=True)
    try:
        client.execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except DeadKernelError:
        say(died=True)
    except CellTimeoutError:
        say(stuck=True)
    else:
        say(finished=True)


if __name__ == "__main__":
    main()
