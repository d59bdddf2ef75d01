"""Training, live: in a thread of its own, so that its buttons answer."""

import html
import threading
import time
from dataclasses import replace

import ipywidgets as widgets
import numpy as np

from lenet_helpers.architecture import LeNet
from lenet_helpers.demos.figures.data import local_mnist
from lenet_helpers.demos.figures.live_training import (
    COLUMNS,
    LIMITS,
    WINDOW,
    answers,
    duration_text,
    running_mean,
    time_left,
    watched,
)
from lenet_helpers.demos.live import interrupts
from lenet_helpers.demos.live.parts import Losses, Slider, Watched, column, row, text
from lenet_helpers.fitting.recipes import FAST
from lenet_helpers.training import TrainingRun

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0)
_TICK = 0.3  # seconds between two pictures: the steps in between are shown together


class LiveTraining(widgets.VBox):
    """The loss of each step, and the digits that are still read wrongly; stop, and go on. Taught in notebook 03.

    Kernel → Interrupt stops it, too, unless a cell runs: then it is the cell that stops. In
    both cases the step that is under way is finished.

    Parameters
    ----------
    mnist : MNIST, optional
        What is at hand when not given.
    recipe : Recipe
        To begin with; epochs and learning rate can be changed.
    threads : int, optional
        See `thread_limit`.

    Attributes
    ----------
    start, stop, go_on : Button
    epochs : Slider
    rate : Dropdown
        Learning rate.
    losses : Losses
    watched : Watched
        Validation digits, the same all the time.
    run : TrainingRun or None
        With its ``records``, ``model`` and ``best_weights``.
    training : bool
        Whether steps are being taken.
    """

    def __init__(self, mnist=None, recipe=FAST, threads=None):
        self.mnist, self.recipe, self.threads = mnist or local_mnist(), recipe, threads
        self.run, self._thread, self.training = None, None, False
        self.epochs = Slider("Epochs", recipe.epochs, 1, 30)
        rates = sorted({*RATES, recipe.learning_rate})
        self.rate = widgets.Dropdown(
            options=[(f"{rate:g}", rate) for rate in rates], value=recipe.learning_rate, description="Learning rate"
        )
        self.start = widgets.Button(description="Start").add_class("lenet-start")
        self.stop = widgets.Button(description="Stop", disabled=True).add_class("lenet-stop")
        self.go_on = widgets.Button(description="Continue", disabled=True).add_class("lenet-continue")
        self.progress, self.said = text(), text().add_class("lenet-status")
        self.said.value = f"{html.escape(self.mnist.source)}. Recipe: {recipe.name}."
        self.losses = Losses(limits=list(LIMITS), window=WINDOW, epochs=recipe.epochs)
        self._digits = watched(self.mnist.validation)
        self.watched = Watched(self._digits, columns=COLUMNS)
        self.start.on_click(self._begin)
        self.stop.on_click(lambda _: self.run.stop())
        self.go_on.on_click(lambda _: self._train())
        interrupts.take_over()
        super().__init__(
            [
                row(column(self.epochs, self.rate), row(self.start, self.stop, self.go_on)),
                column(self.progress, self.said, row(self.losses, self.watched)),
            ]
        )
        self.add_class("lenet-box")

    def wait(self, timeout=None):
        """Wait until the training has ended or was stopped."""
        if self._thread is not None:
            self._thread.join(timeout)

    def best_model(self):
        """Return the network with the best validation accuracy so far. ValueError: no epoch is complete yet."""
        if self.run is None or self.run.best_weights is None:
            raise ValueError("no epoch is complete yet: press Start, and wait for the end of the first epoch")
        model = LeNet(seed=0)
        model.load_state_dict(self.run.best_weights)
        return model.eval()

    def _begin(self, _=None):
        if self.training:
            return
        recipe = replace(self.recipe, epochs=int(self.epochs.value), learning_rate=self.rate.value)
        model = LeNet(seed=recipe.seed)
        self.run = TrainingRun(
            model, self.mnist.train, self.mnist.validation, recipe, threads=self.threads, after_step=self._after_step
        )
        self.losses.steps, self.losses.epochs = self.run.steps_total, recipe.epochs
        self._train()

    def _train(self):
        if self.training or self.run is None or self.run.finished:
            return
        self.training, epochs = True, iter(self.run)
        interrupts.begin(self.run.stop)  # before anybody can see that there is something to stop
        self._buttons(True)
        self._began, self._done_before = time.monotonic(), self.run.steps_done
        self._thread = threading.Thread(target=self._work, args=(epochs,), daemon=True)
        self._thread.start()

    def _work(self, epochs):
        """In the thread: train, and show what comes."""
        try:
            self._draw()
            for _ in epochs:
                self._draw()
            problem = None
        except Exception as error:  # a loss that is no longer finite, a full memory: nobody sees a thread's traceback
            problem = str(error) or type(error).__name__
        finally:
            interrupts.over(self.run.stop)
        self._draw()
        self._show_end(problem)
        self.training = False  # before anybody can press Continue
        self._buttons(False, failed=problem is not None)

    def _after_step(self):
        if time.monotonic() - self._drawn > _TICK:
            self._draw()

    def _draw(self):
        losses = self.run.step_losses
        self.losses.show(np.stack([losses, running_mean(losses)], axis=1))
        self.losses.validation = [record.validation_loss for record in self.run.records]
        self.watched.answers = answers(self.run.network(), self._digits.pixels).tobytes()
        self._show_progress()
        self._drawn = time.monotonic()

    def _show_progress(self):
        done, total = self.run.steps_done, self.run.steps_total
        left = time_left(done - self._done_before, total - self._done_before, time.monotonic() - self._began)
        left = "" if left is None else f", about {duration_text(left)} left"
        self.progress.value = f'<progress max="{total}" value="{done}" aria-label="Steps taken"></progress>'
        self.said.value = f"Step {done:,} of {total:,}{left}. {self._latest()}"

    def _show_end(self, problem):
        done, total = self.run.steps_done, self.run.steps_total
        if problem:
            self.said.value = f"⚠ {html.escape(problem)}"
        elif self.run.finished:
            self.said.value = f"<strong>Done</strong>: {total:,} steps. {self._latest()} {self._best()}"
        else:
            self.said.value = (
                f"<strong>Stopped</strong> after step {done:,} of {total:,}. {self._latest()} {self._best()}"
            )

    def _latest(self):
        if not self.run.records:
            return ""
        last = self.run.records[-1]
        return f"Epoch {last.epoch}: validation accuracy {last.validation_accuracy:.2%}."

    def _best(self):
        if not self.run.records:
            return ""
        best = max(self.run.records, key=lambda record: record.validation_accuracy)
        return f"The best weights, of epoch {best.epoch}, are kept."

    def _buttons(self, training, failed=False):
        self.start.disabled = self.epochs.disabled = self.rate.disabled = training
        self.stop.disabled = not training
        self.go_on.disabled = training or failed or self.run.finished
