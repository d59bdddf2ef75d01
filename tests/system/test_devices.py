"""A graphics card without float64, as Apple's are: simulated, so that every machine can tell."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from lenet_helpers import (
    BEST,
    FAST,
    ImageClassifier,
    LeNet,
    TrainingRun,
    evaluate,
    forward_in_batches,
    load_checkpoint,
    load_model,
    probabilities_over_slants,
    save_checkpoint,
    save_model,
    to_input,
    trace,
)
from lenet_helpers.system.paths import MODEL, PICTURE

# torch takes the card for a device without numbers, and says that nothing can be copied to one.
pytestmark = pytest.mark.filterwarnings("ignore:.*copying from a non-meta parameter")

CARD = torch.device("meta")  # a device that every torch knows, and that nothing else here uses


class OnCard(torch.Tensor):
    """A tensor that says it is on the card. What is computed with it is computed by the CPU."""

    @staticmethod
    def __new__(cls, value):
        if value.dtype in (torch.float64, torch.complex128):
            raise TypeError("Cannot convert a tensor to float64: the card has no float64. Use float32 instead.")
        layout = {"strides": value.stride(), "storage_offset": value.storage_offset(), "dtype": value.dtype}
        return torch.Tensor._make_wrapper_subclass(cls, value.shape, device=CARD, **layout)

    def __init__(self, value):
        self.value = value

    @classmethod
    def __torch_dispatch__(cls, function, types, arguments=(), options=None):
        return on_card(function, arguments, options or {})

    def __reduce_ex__(self, protocol):
        return self.value.__reduce_ex__(protocol)  # a file holds the numbers, wherever they were


class Card(TorchDispatchMode):
    """While this is on, what is moved to the card or made there is there."""

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        return on_card(function, arguments, options or {})

    @classmethod
    def _should_skip_dynamo(cls):
        return False  # nothing is compiled here, and torch would load its compiler to leave this out


def on_card(function, arguments, options):
    """Compute on the CPU, and let the results lie where real ones would."""
    there = [one for one in tree_flatten((arguments, options))[0] if isinstance(one, OnCard)]
    given = {id(one.value): one for one in there}
    if options.get("device") is not None:
        there = torch.device(options["device"]) == CARD
        options = {**options, "device": torch.device("cpu")}
    arguments, options = tree_map(lambda one: one.value if isinstance(one, OnCard) else one, (arguments, options))

    def placed(result):
        if not isinstance(result, torch.Tensor):
            return result
        if id(result) in given:  # what was changed in place stays itself
            return given[id(result)]
        return OnCard(result) if there else result

    return tree_map(placed, function(*arguments, **options))


@pytest.fixture(autouse=True)
def card(monkeypatch):
    make = torch.tensor  # the one factory that modes are not asked about
    monkeypatch.setattr(torch, "tensor", lambda *data, device="cpu", **options: make(*data, **options).to(device))
    with Card():
        yield


def test_the_simulated_card_refuses_float64_and_computes_what_the_cpu_does():
    numbers = torch.tensor([0.5, 2.0, -1.0])
    there = numbers.to(CARD)
    for make in (
        lambda: there.double(),
        lambda: there.to(torch.float64),
        lambda: numbers.double().to(CARD),
        lambda: torch.zeros(3, dtype=torch.float64, device=CARD),
        lambda: there.softmax(0, dtype=torch.float64),
    ):
        with pytest.raises(TypeError, match="no float64"):
            make()
    there += torch.ones(3, device=CARD)
    assert there.device == CARD and type(there * 2) is OnCard
    assert (there * 2).cpu().tolist() == [3, 6, 0] and type(there.cpu()) is torch.Tensor
    assert there.cpu().double().sum() == 4.5


def test_a_model_reads_evaluates_and_shows_its_layers_on_the_card(few, tmp_path):
    here = load_model(MODEL)
    inputs = to_input(few[1].pixels)
    there = load_model(MODEL, CARD)
    assert there.conv1.weight.device == CARD
    expected, found = evaluate(here, few[1]), evaluate(there, few[1])
    assert found.loss == pytest.approx(expected.loss, rel=1e-5)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
    for given in (inputs, inputs.to(CARD)):
        slanted = probabilities_over_slants(there, given)
        torch.testing.assert_close(slanted, probabilities_over_slants(here, inputs), rtol=1e-4, atol=1e-6)
    assert ImageClassifier(there).predict([PICTURE, few[1].pixels[0]]) == [5, 0]
    assert forward_in_batches(there, inputs).device == CARD
    assert trace(there, inputs[:2].to(CARD))[-1].output.device == CARD
    save_model(there, tmp_path / "model.pth")
    assert all(v.equal(here.state_dict()[k]) for k, v in load_model(tmp_path / "model.pth").state_dict().items())


def test_what_is_evaluated_is_moved_to_the_card_once_and_as_bytes(few, monkeypatch):
    model, moved, compute = LeNet(seed=0).to(CARD), [], on_card

    def noting(function, arguments, options):
        if function is torch.ops.aten._to_copy.default and options.get("device") == CARD:
            moved.extend(one.dtype for one in arguments if not isinstance(one, OnCard))
        return compute(function, arguments, options)

    monkeypatch.setitem(globals(), "on_card", noting)
    evaluate(model, few[1], batch_size=7)
    assert moved == [torch.uint8, torch.int64]  # the images, the labels


@pytest.mark.parametrize(
    "recipe",
    [
        dataclasses.replace(FAST, epochs=1),
        dataclasses.replace(FAST, name="plain", epochs=1, training_form=False, schedule="constant"),
        dataclasses.replace(BEST, epochs=1, batch_size=15),
    ],
    ids=lambda recipe: recipe.name,
)
def test_a_training_and_its_checkpoint_need_no_float64_on_the_card(few, tmp_path, recipe):
    run = TrainingRun(LeNet(seed=0), *few, recipe, device=CARD)
    [record] = run
    assert next(run.model.parameters()).device == CARD
    save_checkpoint(run, tmp_path / "run.ckpt")
    again = TrainingRun(LeNet(seed=1), *few, recipe, device=CARD)
    load_checkpoint(again, tmp_path / "run.ckpt")
    assert again.finished and again.records == [record]
    there = {name: value.cpu() for name, value in again.model.state_dict().items()}
    here = TrainingRun(LeNet(seed=0), *few, recipe, device="cpu")
    [expected] = here
    assert record.train_loss == pytest.approx(expected.train_loss, rel=0.02)  # of other layers, which round otherwise
    for name, value in here.model.state_dict().items():
        torch.testing.assert_close(there[name], value, rtol=0.1, atol=0.1)
