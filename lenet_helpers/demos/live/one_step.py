"""One training step, slowly, live."""

import base64

import traitlets as t

from lenet_helpers.data import local_mnist
from lenet_helpers.demos.figures.one_step import a_little_trained, some_images, take_apart
from lenet_helpers.demos.live.parts import Part
from lenet_helpers.demos.take_home import inlined

STAGES = ("Forward", "Loss", "Gradient", "Step", "Rate")


class OneStep(Part):
    """A batch, its losses, the gradient, the step, and the same step at other rates. Taught in notebook 03.

    Parameters
    ----------
    mnist : MNIST, optional
        What is at hand when not given.
    model : LeNet, optional
        A network after 200 steps when not given. It stays as it is.

    Attributes
    ----------
    stage : int
        Of `STAGES`.
    rate : int
        Of the `rates` of `taken_apart`.
    taken_apart : Step
    """

    _esm = inlined("one_step.js")

    stages = t.List(list(STAGES)).tag(sync=True)
    step = t.Dict(help="what `taken_apart` holds").tag(sync=True)
    stage = t.Int(0, min=0, max=len(STAGES) - 1).tag(sync=True)
    rate = t.Int(1, min=1).tag(sync=True)

    def __init__(self, mnist=None, model=None):
        train = (mnist or local_mnist()).train
        self.taken_apart = step = take_apart(model or a_little_trained(train), some_images(train))
        shown = {
            "pixels": [base64.b64encode(bytes(image)).decode() for image in step.batch.pixels],
            "labels": step.batch.labels.tolist(),
            "kernels": step.kernels.reshape(6, 25).tolist(),
            "slopes": step.slopes.reshape(6, 25).tolist(),
            "rates": step.rates.tolist(),
            "probabilities": step.probabilities.round(4).tolist(),
            "losses": step.losses.tolist(),
        }
        super().__init__(step=shown, rate=step.at(0.01))
        self.add_class("lenet-box")

    @t.validate("rate")
    def _known(self, proposal):
        return min(proposal["value"], len(self.step["rates"]) - 1)
