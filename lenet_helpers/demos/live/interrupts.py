"""Kernel → Interrupt for work that goes on in a thread, while no cell runs.

A kernel ignores interrupts between two messages, and while it handles one they raise
KeyboardInterrupt in it; neither reaches a thread. So the handler becomes ours, once and
for all, except while a cell runs: then an interrupt is that cell's, as ever. Ours ends
the work that is under way. Where there is none, it does what the kernel's own would do.

JupyterLab lets a thread of the kernel's (a *subshell*) handle the widgets' messages. No
thread but the main one may set a handler, so none is set when a button is pressed.
"""

import signal
import threading

from ipykernel.kernelbase import Kernel

_endings = []  # one for each work that is under way


def begin(end):
    """From now on, an interrupt of the kernel that finds no cell running calls `end`.

    It is called in the midst of whatever the main thread does, so it must not wait for a lock.
    """
    _endings.append(end)


def over(end):
    """No longer call `end`."""
    _endings.remove(end)


def take_over():
    """Let this kernel's interrupts do so; outside a kernel, do nothing. Callable from any thread, and repeatedly."""
    kernel = Kernel.instance() if Kernel.initialized() else None
    if kernel and not hasattr(kernel, "_lenet_interrupts"):
        kernel._lenet_interrupts = _Interrupts(kernel)
        kernel.io_loop.add_callback(kernel._lenet_interrupts.take_over)  # in the main thread


class _Interrupts:
    """Hooks of a kernel, which it calls before and after each message."""

    def __init__(self, kernel):
        self.kernel, self.before, self.in_message = kernel, kernel.pre_handler_hook, False

    def take_over(self):
        self.kernel.pre_handler_hook, self.kernel.post_handler_hook = self.before_message, self.after_message
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # no message is being handled
            self.after_message()

    def before_message(self):
        if threading.current_thread() is not threading.main_thread():
            return
        if self.kernel.get_parent("shell")["header"]["msg_type"] == "execute_request":
            self.before()
        else:
            self.in_message = True

    def after_message(self):
        if threading.current_thread() is threading.main_thread():
            self.in_message = False
            signal.signal(signal.SIGINT, self.handle)

    def handle(self, number, frame):
        for end in list(_endings):
            end()
        if not _endings and self.in_message:
            signal.default_int_handler(number, frame)
