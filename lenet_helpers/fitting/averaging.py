"""The average of a network's weights over a training: steadier than those of any single step."""

import copy

import torch


class Average:
    """Exponential moving average of a network's weights and buffers.

    Updating it at every step would cost as much as the optimiser; every eighth step
    with the eighth power of the decay gives nearly the same average. The decay begins low
    and rises, so that short runs forget their first weights as well.
    """

    every = 8

    def __init__(self, network, decay):
        self.network, self.decay = network, decay
        self.steps = 0
        self.average = copy.deepcopy(network)

    @property
    def module(self):
        """The network of the averaged weights, or while there is no average yet, the network itself."""
        return self.average if self.steps >= self.every else self.network

    @torch.no_grad()
    def step(self):
        """Take in the weights after one more step; on a graphics card without waiting for them."""
        self.steps += 1
        if self.steps % self.every == 0:
            decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
            new = 1 - decay**self.every if self.steps > self.every else 1.0  # the first ones are taken as they are
            torch._foreach_lerp_(_numbers(self.average), _numbers(self.network), new)

    def state_dict(self):
        return {"steps": self.steps, "average": self.average.state_dict()}

    def load_state_dict(self, state):
        self.steps = state["steps"]
        self.average.load_state_dict(state["average"])


def _numbers(network):
    """The tensors of a network that have an average; one that counts batches has none."""
    return [value for value in network.state_dict().values() if value.is_floating_point()]
