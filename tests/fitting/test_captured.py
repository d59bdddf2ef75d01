"""The captured step, on any machine: a tape of torch's operations stands in for the CUDA graph.

Like a graph, the tape takes numbers for constants, knows only the memory that it was recorded
with, and runs none of the Python in between. Unlike a graph it needs no graphics card. The last
tests need one.
"""

import dataclasses
import inspect
import warnings
from contextlib import contextmanager, nullcontext
from unittest import mock

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from lenet_helpers import training
from lenet_helpers.architecture import LeNet
from lenet_helpers.fitting import learner
from lenet_helpers.fitting.captured import GRAPHS, CudaGraph
from lenet_helpers.fitting.checkpoints import load_checkpoint, save_checkpoint
from lenet_helpers.fitting.distributed import Ranks
from lenet_helpers.fitting.learner import Learner
from lenet_helpers.fitting.recipes import BEST, FAST, REFERENCE
from lenet_helpers.training import TrainingRun, training_step

NOT_IN_A_GRAPH = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "lift_fresh", "rand", "bernoulli")
"""What operations are called that wait for the device, come from Python's numbers, or are random."""


class Recorder(TorchDispatchMode):
    """Notes each operation, also those of the backward pass, with the memory that it reads and writes."""

    def __init__(self):
        super().__init__()
        self.tape = []

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        name = function._schema.name.removeprefix("aten::")
        if name.startswith(NOT_IN_A_GRAPH):
            raise RuntimeError(f"{name} is not permitted when stream is capturing")
        results = function(*arguments, **(options or {}))
        memory = (arguments, options or {}, new_tensors(function, results))
        self.tape.append((function, *tree_map_only(torch.Tensor, torch.Tensor.detach, memory)))
        return results


def new_tensors(function, results):
    """The results of an operation that are neither views nor its arguments."""
    results = results if isinstance(results, tuple | list) else (results,)
    new = [declared.alias_info is None for declared in function._schema.returns]
    return [result for result, is_new in zip(results, new, strict=False) if is_new and result is not None]


class TapeGraph:
    """In place of `CudaGraph`: replays what was recorded, operation by operation."""

    def __init__(self, work, device):
        work()  # the warm-up
        with Recorder() as recorder:
            self.result = work()
        self.tape = recorder.tape

    @torch.no_grad()
    def replay(self):
        for function, arguments, options, memory in self.tape:
            results = new_tensors(function, function(*arguments, **options))
            for result, place in zip(results, memory, strict=True):
                place.copy_(result)


class Idle(TapeGraph):
    def replay(self):
        pass


RECIPES = {
    "reference": dataclasses.replace(REFERENCE, epochs=2),
    "fast": dataclasses.replace(FAST, epochs=2),
    "best": dataclasses.replace(BEST, epochs=4, batch_size=40, averaging=0.9),
}  # 150 images and more: the last batch of an epoch is smaller than the others


@pytest.fixture(params=RECIPES)
def recipe(request):
    return RECIPES[request.param]


@pytest.fixture(autouse=True)
def layers_of_a_card(monkeypatch):
    """Torch's own layers: the quick ones are for the CPU alone."""
    monkeypatch.setattr(learner, "with_quick_layers", lambda network: network)


def new_run(few, recipe, graph=None, device="cpu"):
    """A run whose steps are captured by `graph`, or taken as they are."""
    with mock.patch.dict(GRAPHS, {device: graph}):
        return TrainingRun(LeNet(seed=recipe.seed), *few, recipe, device=device)


def graph_of(run):
    return run._learner._captured._graph


def numbers_of(run):
    """Every number that a run holds, but for its times."""
    state = {**run.state_dict(), "recipe": None, "seconds": 0}
    return {**state, "records": [{**record, "seconds": 0} for record in state["records"]]}


def assert_same(first, second):
    torch.testing.assert_close(numbers_of(first), numbers_of(second), rtol=0, atol=0)


def stop_after(run, steps):
    """Train until so many steps have been taken, as a button would stop it."""
    step = run._learner.step

    def counting(*arguments):
        if run.steps_done + 1 >= steps:
            run.stop()
        return step(*arguments)

    run._learner.step = counting
    list(run)
    del run._learner.step


def test_a_captured_run_has_the_bits_of_a_plain_one(few, recipe):
    plain, captured = new_run(few, recipe), new_run(few, recipe, TapeGraph)
    list(plain), list(captured)
    assert graph_of(captured).tape
    assert captured._batches.sizes[-1] < recipe.batch_size
    assert_same(captured, plain)


def test_a_graph_that_does_nothing_is_noticed(few, recipe):
    plain, captured = new_run(few, recipe), new_run(few, recipe, Idle)
    list(plain), list(captured)
    with pytest.raises(AssertionError):
        assert_same(captured, plain)


def test_a_captured_run_goes_on_in_memory_and_from_its_checkpoint_with_the_same_bits(few, recipe, tmp_path):
    plain, stopped = new_run(few, recipe), new_run(few, recipe, TapeGraph)
    list(plain)
    for steps in (1, len(plain._batches.sizes) - 1, plain.steps_total // 2 + 1):
        stop_after(stopped, steps)
        assert stopped.steps_done == steps
        save_checkpoint(stopped, tmp_path / "run.ckpt")
        resumed = new_run(few, recipe, TapeGraph)
        load_checkpoint(resumed, tmp_path / "run.ckpt")
        list(resumed)
        assert_same(resumed, plain)
    list(stopped)
    assert_same(stopped, plain)


def test_a_step_that_waits_is_not_captured_but_taken_as_it_is_after_one_notice(few, recipe, monkeypatch):
    def waiting_step(*arguments):
        loss = training_step(*arguments)
        assert loss > 0  # asks the device for a number
        return loss

    plain = new_run(few, recipe)
    list(plain)
    monkeypatch.setattr(training, "training_step", waiting_step)
    run = new_run(few, recipe, TapeGraph)
    with pytest.warns(UserWarning) as notices:
        list(run)
    (notice,) = map(str, (one.message for one in notices))
    assert "can't be captured" in notice and "same result" in notice and "scalar_dense is not permitted" in notice
    assert_same(run, plain)


def test_a_step_that_fails_while_it_is_captured_leaves_the_run_as_it_was(few, recipe):
    class Interrupted:
        def __init__(self, work, device):
            work()
            raise KeyboardInterrupt

    run, untouched = new_run(few, recipe, Interrupted), new_run(few, recipe)
    with pytest.raises(KeyboardInterrupt):
        list(run)
    assert_same(run, untouched)


def test_weights_that_were_moved_between_two_epochs_are_trained_and_averaged_where_they_are(few):
    recipe = dataclasses.replace(REFERENCE, epochs=6, averaging=0.9)
    untouched, plain, captured = (new_run(few, recipe, graph) for graph in (None, None, TapeGraph))
    list(untouched)
    for run in (plain, captured):
        for _ in run:
            run.model.double().float()
        assert_same(run, untouched)


def test_only_whole_batches_are_captured(few):
    run = new_run(few, dataclasses.replace(FAST, epochs=1, batch_size=151), TapeGraph)
    list(run)
    assert graph_of(run) is None


def test_steps_are_captured_on_cuda_alone_and_not_with_several_processes(few):
    assert GRAPHS == {"cuda": CudaGraph}
    inputs, _ = few[0].tensors()
    assert not Learner(LeNet(seed=0), FAST, inputs, Ranks())._captured
    with mock.patch.dict(GRAPHS, {"cpu": TapeGraph}):
        assert Learner(LeNet(seed=0), FAST, inputs, Ranks())._captured
        assert not Learner(LeNet(seed=0), FAST, inputs, Ranks(0, 2))._captured


@pytest.mark.parametrize("fails", [False, True])
def test_a_graph_is_warmed_up_and_captured_on_one_stream_and_the_old_one_is_back(monkeypatch, fails):
    """With torch.cuda played by hand: streams that are only names, and a capture that puts nothing back."""
    old, side, log = mock.Mock(), mock.Mock(), []
    now = {"stream": old, "capturing": False}

    @contextmanager
    def on_stream(stream):
        before, now["stream"] = now["stream"], stream
        try:
            yield
        finally:
            now["stream"] = before

    @contextmanager
    def capture(graph, stream, capture_error_mode):
        now.update(stream=stream, capturing=True)
        yield

    def work():
        log.append((now["stream"], now["capturing"]))
        if fails and now["capturing"]:
            raise RuntimeError("not permitted")
        return "loss"

    inspect.signature(torch.cuda.graph).bind(None, stream=side, capture_error_mode="thread_local")
    for name, player in {
        "CUDAGraph": mock.Mock(),
        "Stream": lambda: side,
        "current_stream": lambda: now["stream"],
        "device": nullcontext,
        "stream": on_stream,
        "graph": capture,
    }.items():
        monkeypatch.setattr(torch.cuda, name, player)
    with pytest.raises(RuntimeError, match="not permitted") if fails else nullcontext():
        graph = CudaGraph(work, "cuda:0")
        graph.replay()
        assert graph.result == "loss" and torch.cuda.CUDAGraph().replay.call_count == 1
    assert log == [(side, False)] * 3 + [(side, True)]
    assert now["stream"] is old
    side.wait_stream.assert_called_once_with(old)
    old.wait_stream.assert_called_once_with(side)


# --- on a graphics card -----------------------------------------------------------------


def test_steps_are_captured_on_a_card_without_a_notice_and_none_waits(card, few, recipe):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = new_run(few, recipe, CudaGraph, card)
        next(iter(run))
    assert graph_of(run)
    batch = next(run._batches.after(0))
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(9):  # more steps than the average is updated after
            run._learner.step(training_step, batch, 0.01)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_captured_runs_on_a_card_are_the_same_also_when_stopped_and_continued(card, few, recipe, tmp_path):
    first, second, stopped = (new_run(few, recipe, CudaGraph, card) for _ in range(3))
    list(first), list(second)
    assert_same(first, second)
    stop_after(stopped, 2)
    save_checkpoint(stopped, tmp_path / "run.ckpt")
    resumed = new_run(few, recipe, CudaGraph, card)
    load_checkpoint(resumed, tmp_path / "run.ckpt")
    list(resumed)
    assert_same(resumed, first)


def test_a_captured_run_on_a_card_is_as_a_plain_one(card, few, recipe):
    captured, plain = new_run(few, recipe, CudaGraph, card), new_run(few, recipe, None, card)
    list(captured), list(plain)
    for one, other in zip(captured.records, plain.records, strict=True):
        assert one.step_losses == pytest.approx(other.step_losses, rel=1e-3)


def test_a_card_that_could_not_capture_trains_on(card, few, recipe, monkeypatch):
    plain = new_run(few, recipe, None, card)
    list(plain)
    monkeypatch.setattr(training, "training_step", lambda *arguments: training_step(*arguments).cpu().cuda())
    run = new_run(few, recipe, CudaGraph, card)
    with pytest.warns(UserWarning, match="can't be captured"):
        list(run)
    assert_same(run, plain)
    assert torch.rand(3, device=card).sum().item() >= 0
