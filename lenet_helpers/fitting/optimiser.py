"""Adam and the one-cycle schedule, as `fit` uses them.

Taught in notebook 03 with torch.optim.Adam, which takes the same steps. This one keeps all
parameters' moments in one vector, so that a step is ten operations instead of ten for each
tensor; and it spares the second that the first optimiser of torch.optim takes to start.
"""

import math

import torch

from lenet_helpers.system.errors import CourseError


class Adam:
    """Adam (Kingma and Ba, 2015, "Adam: a method for stochastic optimization"), its parameters on one device."""

    def __init__(self, parameters, learning_rate=0.001, betas=(0.9, 0.999), epsilon=1e-8):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.epsilon = learning_rate, betas, epsilon
        self.steps = 0
        self._sizes = [parameter.numel() for parameter in self.parameters]
        self._mean = torch.zeros(sum(self._sizes), device=self.parameters[0].device)
        self._square = torch.zeros_like(self._mean)
        # What differs from step to step. A captured step would hold a Python number for a constant.
        self._factor, self._correction = self.parameters[0].new_zeros(()), self.parameters[0].new_ones(())

    def zero_grad(self):
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self):
        """Move each parameter against its gradient; one without a gradient counts as flat."""
        self.count()
        self.move()

    def count(self):
        """Take in that one more step is taken, with which learning rate: the part of `step` that Python computes."""
        self.steps += 1
        first, second = self.betas
        # Both averages began at zero; these factors take that out again.
        self._factor.fill_(-self.learning_rate / (1 - first**self.steps))
        self._correction.fill_(1 - second**self.steps)

    @torch.no_grad()
    def move(self):
        """Move each parameter: the part of `step` that is the same each time, and that can be captured."""
        gradient = torch.cat([_gradient(parameter).flatten() for parameter in self.parameters])
        first, second = self.betas
        self._mean.lerp_(gradient, 1 - first)
        self._square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        size = (self._square / self._correction).sqrt_().add_(self.epsilon)
        change = (self._mean / size).mul_(self._factor)
        parts = change.split(self._sizes)
        torch._foreach_add_(self.parameters, [part.view_as(p) for part, p in zip(parts, self.parameters, strict=True)])

    def state_dict(self):
        """Return all that a later `Adam` over the same parameters needs to go on."""
        return {"steps": self.steps, "mean": self._mean.clone(), "square": self._square.clone()}

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave."""
        self.steps = state["steps"]
        self._mean.copy_(state["mean"])
        self._square.copy_(state["square"])


def _gradient(parameter):
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def learning_rate_at(step, recipe, steps_total):
    """Return the learning rate of one step of a run, counted from 0.

    "one-cycle" (Smith and Topin, 2018): over the first 30 % of the steps the rate rises from a
    25th of the highest, then it falls to nearly nothing, both along half a cosine.
    """
    highest = recipe.learning_rate
    if recipe.schedule == "constant":
        return highest
    if recipe.schedule != "one-cycle":
        raise CourseError(f"unknown schedule {recipe.schedule!r}: use 'constant' or 'one-cycle'")
    start, end, top = highest / 25, highest / 250_000, 0.3 * steps_total - 1
    if step <= top:
        return _half_cosine(start, highest, step / top)
    return _half_cosine(highest, end, (step - top) / (steps_total - 1 - top))


def _half_cosine(start, end, part):
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
