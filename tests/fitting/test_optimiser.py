import dataclasses

import pytest
import torch

from lenet_helpers.architecture import LeNet
from lenet_helpers.fitting.optimiser import Adam, learning_rate_at
from lenet_helpers.fitting.recipes import REFERENCE, Recipe
from lenet_helpers.training import training_step

ONE_CYCLE = Recipe("one-cycle", epochs=1, learning_rate=0.02, schedule="one-cycle")


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(8, 1, 28, 28, generator=generator), torch.arange(8)


def test_takes_the_steps_of_torchs_adam(batch):
    ours, theirs = LeNet(seed=0).double(), LeNet(seed=0).double()  # rounding would blur the comparison
    ours_steps = Adam(ours.parameters())
    ours_steps._mean, ours_steps._square = ours_steps._mean.double(), ours_steps._square.double()
    theirs_steps = torch.optim.Adam(theirs.parameters())
    inputs, labels = batch[0].double(), batch[1]
    for rate in (0.001, 0.003, 0.01, 0.002, 0.0005):
        ours_steps.learning_rate = theirs_steps.param_groups[0]["lr"] = rate
        assert (
            torch.equal(
                training_step(ours, inputs, labels, ours_steps), training_step(theirs, inputs, labels, theirs_steps)
            )
            or rate != 0.001
        )
    for value, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-11)


def test_a_parameter_without_gradient_stays(batch):
    used, unused = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(2))
    optimiser = Adam([unused, used], learning_rate=0.1)
    used.square().sum().backward()
    optimiser.step()
    assert torch.equal(unused, torch.ones(2))
    assert torch.allclose(used, torch.full((3,), 0.9), atol=1e-6)  # the first step has the size of the rate


def test_gradients_are_forgotten_and_not_added_up(batch):
    model = LeNet(seed=0)
    optimiser = Adam(model.parameters(), learning_rate=0.0)
    training_step(model, *batch, optimiser)
    first = model.fc3.weight.grad.clone()
    training_step(model, *batch, optimiser)
    assert torch.equal(model.fc3.weight.grad, first)


def test_goes_on_from_its_state(batch):
    model = LeNet(seed=0)
    optimiser = Adam(model.parameters(), 0.01)
    training_step(model, *batch, optimiser)
    weights, state = {k: v.clone() for k, v in model.state_dict().items()}, optimiser.state_dict()
    training_step(model, *batch, optimiser)  # must leave the state that was taken alone

    resumed = LeNet(seed=5)
    resumed.load_state_dict(weights)
    continued = Adam(resumed.parameters(), 0.01)
    continued.load_state_dict(state)
    training_step(resumed, *batch, continued)
    assert continued.steps == 2
    assert all(torch.equal(a, b) for a, b in zip(resumed.parameters(), model.parameters(), strict=True))


@pytest.mark.parametrize("total", [10, 64, 1719])
def test_one_cycle_is_torchs(total):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, total_steps=total, cycle_momentum=False)
    expected = []
    for _ in range(total):
        expected.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step() if len(expected) < total else None
    assert [learning_rate_at(step, ONE_CYCLE, total) for step in range(total)] == pytest.approx(expected, rel=1e-9)


def test_constant_schedule_and_an_unknown_one():
    assert {learning_rate_at(step, REFERENCE, 100) for step in range(100)} == {0.001}
    with pytest.raises(ValueError, match=r"'waves'.*use 'constant' or 'one-cycle'"):
        learning_rate_at(0, dataclasses.replace(REFERENCE, schedule="waves"), 100)
