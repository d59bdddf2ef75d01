"""Kernel → Interrupt against the live training, in a real kernel; a subshell handles its buttons, as in JupyterLab."""

import time

import pytest
from jupyter_client import KernelManager

from lenet_helpers.demos.live import interrupts
from lenet_helpers.system.paths import COURSE

PRESSES = 20

CODE = """from dataclasses import replace
from lenet_helpers import FAST, demos

training = demos.live_training(recipe=replace(FAST, epochs=30))
"""


class Session:
    """A kernel, and the front end's side of the widgets in it."""

    def __init__(self, client, manager):
        self.client, self.manager, self.subshell = client, manager, None

    def run(self, code, patience=120):
        """Run a cell; return what it printed, with the name of the error that ended it."""
        said = []

        def note(message):
            content = message["content"]
            said.append(content.get("text", "") + content.get("ename", ""))

        reply = self.client.execute_interactive(code, timeout=patience, output_hook=note)
        assert reply["content"]["status"] != "aborted"  # it was never run
        return "".join(said).strip()

    def open_subshell(self):
        message = self.client.session.msg("create_subshell_request")
        self.client.control_channel.send(message)
        reply = self.client.control_channel.get_msg(timeout=30)
        self.subshell = reply["content"]["subshell_id"]

    def close(self):
        """Leave the kernel as it was: nothing is trained, and no subshell is open."""
        self.run("if training.run: training.run.stop(); training.wait(30)")
        if self.subshell:
            message = self.client.session.msg("delete_subshell_request", {"subshell_id": self.subshell})
            self.client.control_channel.send(message)
            assert self.client.control_channel.get_msg(timeout=30)["content"]["status"] == "ok"

    def press(self, button):
        """Press a button of the demo, in the way of a front end: the kernel answers when it can."""
        data = {"method": "custom", "content": {"event": "click"}}
        message = self.client.session.msg("comm_msg", {"comm_id": button, "data": data})
        if self.subshell:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def shows(self, wanted, patience=20):
        """Wait for a widget's new state for which `wanted` is true; False when none came in time."""
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            if self.client.iopub_channel.msg_ready() or self.client.iopub_channel.socket.poll(1000 * min(left, 1)):
                content = self.client.get_iopub_msg(timeout=1)["content"]
                if wanted(content.get("comm_id"), content.get("data", {}).get("state", {})):
                    return True
        return False


@pytest.fixture(scope="module")
def kernel():
    manager = KernelManager(kernel_name="python3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LENET_DATA", "sample")
        patch.setenv("PYTHONPATH", str(COURSE))
        manager.start_kernel(cwd=str(COURSE))
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture
def session(kernel):
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        session = Session(client, kernel)
        yield session
        session.close()
    finally:
        client.stop_channels()


@pytest.mark.parametrize("subshell", [True, False])
def test_no_interrupt_is_lost(session, subshell):
    session.run(CODE)
    start, stop, go_on = session.run(
        "print(training.start.comm.comm_id, training.stop.comm.comm_id, training.go_on.comm.comm_id)"
    ).split()
    if subshell:
        session.open_subshell()
    lost = 0
    session.press(start)
    for number in range(PRESSES):
        assert session.shows(lambda id, state: id == stop and state.get("disabled") is False)
        for _ in range(number % 4):  # whatever else the kernel is asked meanwhile
            session.client.kernel_info()
        session.manager.interrupt_kernel()
        if not session.shows(lambda id, state: id == go_on and state.get("disabled") is False):
            lost += 1
            session.press(stop)
            assert session.shows(lambda id, state: id == go_on and state.get("disabled") is False)
        session.press(go_on)
    assert lost == 0
    assert session.run("print(1)") == "1"


def test_while_a_cell_runs_the_interrupt_is_its_own(session):
    session.run(CODE)
    session.run("training.start.click()")
    # Otherwise the kernel also aborts what it is asked right after the cell that was interrupted.
    session.client.execute("import time; time.sleep(60)", stop_on_error=False)
    assert session.shows(lambda id, state: False, patience=1) is False
    session.manager.interrupt_kernel()
    reply = session.client.get_shell_msg(timeout=30)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert session.run("print(training.training)") == "True"
    session.manager.interrupt_kernel()
    session.run("training.wait(30)")
    assert session.run("print(training.training, training.run.finished)") == "False False"


def test_without_a_training_an_interrupt_does_nothing(session):
    session.run(CODE)
    session.manager.interrupt_kernel()
    assert session.run("print('alive', training.run)") == "alive None"


def test_outside_a_kernel_nothing_is_taken_over():
    interrupts.take_over()
    assert interrupts._endings == []
