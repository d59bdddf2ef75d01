"""What learns in a training run: the network in its training form, its optimiser, its average."""

from lenet_helpers.fitting.averaging import Average
from lenet_helpers.fitting.captured import GRAPHS, CapturedStep
from lenet_helpers.fitting.distributed import SharedOptimiser, share_norms
from lenet_helpers.fitting.folding import TrainingForm
from lenet_helpers.fitting.optimiser import Adam
from lenet_helpers.fitting.quick_layers import with_quick_layers


class Learner:
    """Takes steps with `trained`, a training form or the model itself, and hands over what it learnt to the model.

    The training form may measure the inputs: all training images, on the model's device.
    """

    def __init__(self, model, recipe, inputs, ranks):
        self.model, self.trained = model, model
        self._ranks, self._smoothing = ranks, recipe.label_smoothing
        if recipe.training_form:
            measured = inputs if recipe.measured_input else None
            self.trained = TrainingForm(model, recipe.seed, recipe.expansion, measured)
        # The same layers and parameters; only computed in another way.
        self._network = with_quick_layers(self.trained) if inputs.device.type == "cpu" else self.trained
        self._average = Average(self.trained, recipe.averaging) if recipe.averaging else None
        self.optimiser = self._stepper = Adam(self.trained.parameters(), betas=recipe.betas)
        self._sharing = []  # what must know which share of the batch this process has
        if ranks.count > 1:
            self._stepper = SharedOptimiser(self.optimiser, ranks)
            self._sharing = [self._stepper, *share_norms(self.trained, ranks)]
        graph = GRAPHS.get(inputs.device.type) if ranks.count == 1 else None
        self._captured, self._whole = graph and CapturedStep(graph), recipe.batch_size

    def step(self, training_step, batch, learning_rate):
        """Take a `training_step` with a `Batch`, and return the loss of the whole batch before it."""
        self.optimiser.learning_rate = learning_rate
        for part in self._sharing:
            part.share = batch.share

        def take(inputs, labels, optimiser):
            return training_step(self._network, inputs, labels, optimiser, self._smoothing)

        if self._captured and len(batch.labels) == self._whole:  # an epoch's last batch may be smaller
            loss = self._captured(self, take, batch)
        else:
            loss = take(batch.inputs, batch.labels, self._stepper)
        if self._average:
            self._average.step()
        return self._ranks.add_up(loss * batch.share) if self._sharing else loss

    def hand_over(self, model=None):
        """Give the model, or another one of its kind, the plain weights of what was trained or averaged."""
        model = self.model if model is None else model
        source = self._average.module if self._average else self.trained
        if isinstance(source, TrainingForm):
            source.fold_into(model)
        elif source is not model:
            model.load_state_dict(source.state_dict())

    def state_dict(self):
        """Return all that another learner of the same recipe needs to go on."""
        return {
            "model": self.model.state_dict(),
            "trained": self.trained.state_dict(),
            "average": self._average.state_dict() if self._average else None,
            "optimiser": self.optimiser.state_dict(),
        }

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave."""
        self.model.load_state_dict(state["model"])
        self.trained.load_state_dict(state["trained"])
        if self._average:
            self._average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
