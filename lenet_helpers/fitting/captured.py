"""A training step that is captured once as a CUDA graph, and replayed from then on.

A step of this small network is more than a hundred launches, and the graphics card is done
with each before Python has prepared the next. A graph is launched as one. But it does the
same work with the same memory each time: what differs from step to step (the batch, the
optimiser's factors) lies in tensors that are filled before each replay, and random numbers
are drawn outside. See "CUDA Graphs" in torch's notes on CUDA.
"""

import copy
import warnings
from types import SimpleNamespace

import torch

_WARM_UP = 3  # calls in which cuDNN and cuBLAS choose their ways and take their memory, as torch's notes advise


class CudaGraph:
    """What `work` does on a CUDA device, captured; `result` is the tensor that it returned, written by each replay.

    Capturing runs nothing, but before it, `work` is run a few times.
    """

    def __init__(self, work, device):
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.device(device):
            before, stream = torch.cuda.current_stream(), torch.cuda.Stream()
            stream.wait_stream(before)
            try:
                with torch.cuda.stream(stream):  # also puts the old stream back when torch.cuda.graph fails and doesn't
                    for _ in range(_WARM_UP):
                        work()
                    # Other threads, such as a notebook's, may use the card meanwhile.
                    with torch.cuda.graph(self._graph, stream=stream, capture_error_mode="thread_local"):
                        self.result = work()
            finally:
                before.wait_stream(stream)

    def replay(self):
        """Launch the work once more; nobody waits for its end."""
        self._graph.replay()


GRAPHS = {"cuda": CudaGraph}
"""Type of device to what captures there; on all others steps are taken as they are."""


class CapturedStep:
    """A learner's step with whole batches: captured with the first one, then replayed.

    When it can't be captured, it is taken as it is from then on, after a notice; and without one
    when the weights no longer lie where they were, which ``model.to(...)`` between two epochs does.
    """

    def __init__(self, graph):
        self._new_graph, self._graph = graph, None

    def __call__(self, learner, take, batch):
        """Return the loss of ``take(inputs, labels, optimiser)`` with a `Batch`, which has the same size each time."""
        if self._new_graph:
            self._capture(learner, take, batch)
        if self._graph is None or self._places != _places(learner):
            return take(batch.inputs, batch.labels, learner.optimiser)
        self._inputs.copy_(batch.inputs)
        self._labels.copy_(batch.labels)
        learner.optimiser.count()
        self._graph.replay()
        return self._graph.result.clone()  # the next replay writes there again

    def _capture(self, learner, take, batch):
        self._inputs, self._labels, self._places = batch.inputs.clone(), batch.labels.clone(), _places(learner)
        optimiser = SimpleNamespace(zero_grad=learner.optimiser.zero_grad, step=learner.optimiser.move)
        new_graph, self._new_graph = self._new_graph, None  # it is tried once
        before = copy.deepcopy(learner.state_dict())
        try:
            self._graph = new_graph(lambda: take(self._inputs, self._labels, optimiser), batch.inputs.device)
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            warnings.warn(
                "The training step can't be captured as a CUDA graph. So Python launches every part of it, with the "
                f"same result and more slowly. The reason: {reason}",
                stacklevel=2,
            )
        finally:
            learner.load_state_dict(before)  # trying the step out has trained


def _places(learner):
    """Where in memory the weights lie."""
    return [parameter.data_ptr() for parameter in learner.optimiser.parameters]
