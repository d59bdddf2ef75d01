"""The average of a network's weights over a training: steadier than those of any single step."""

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


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
        self.average = AveragedModel(network, use_buffers=True)

    @property
    def module(self):
        """The network of the averaged weights, or while there is no average yet, the network itself."""
        return self.average.module if self.steps >= self.every else self.network

    def step(self):
        """Take in the weights after one more step."""
        self.steps += 1
        if self.steps % self.every == 0:
            decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
            self.average.multi_avg_fn = get_ema_multi_avg_fn(decay**self.every)
            self.average.update_parameters(self.network)

    def state_dict(self):
        return {"steps": self.steps, "average": self.average.state_dict()}

    def load_state_dict(self, state):
        self.steps = state["steps"]
        self.average.load_state_dict(state["average"])
