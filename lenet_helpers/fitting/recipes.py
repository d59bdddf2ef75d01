"""Recipes: training runs written down as data.

Taught in notebook 03.
"""

from dataclasses import dataclass

from lenet_helpers.fitting.augmentation import Augmentation


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run. Change a field with `dataclasses.replace`.

    Attributes
    ----------
    name : str
    epochs, batch_size : int
    learning_rate : float
        Of Adam; with the "one-cycle" schedule, the highest one.
    betas : (float, float)
        Of Adam: decay of its two averages. Shorter ones suit a run of few steps.
    schedule : str
        "constant" or "one-cycle" (Smith and Topin, 2018: rise, then anneal to zero).
    augmentation : Augmentation, optional
    forms : float
        Digits drawn in the forms that MNIST hardly holds (see `lenet_helpers.drawing.forms`), as a
        fraction of the training images, which they join.
    nodigits : float
        Pictures that hold no digit (see `lenet_helpers.drawing.nodigits`), as a fraction of the
        training images and forms, which they join. They ask for the same probability for all ten
        classes (outlier exposure: Hendrycks, Mazeika and Dietterich, 2019).
    nodigit_weight : float
        Of such a picture in the loss; that of a digit is 1.
    label_smoothing : float
        Share of the target that all ten classes have in common, in [0, 1): with 0.1 a
        sure answer is 0.91, not 1 (Szegedy et al., 2016). It evens out short runs.
    training_form : bool
        Train with normalised layers, folded away at the end of each epoch (see
        `lenet_helpers.fitting.folding`).
    expansion : int
        In the training form, hold each weight as a product of two matrices with this
        many times its larger side between them; 0 holds it whole.
    measured_input : bool
        In the training form, normalise the first convolution by the images' patches,
        measured once, and not batch by batch: faster, but the noise of the batches helps
        a long run.
    averaging : float
        Decay of the exponential moving average of the weights, for each step, in
        [0, 1); 0 keeps the last weights.
    seed : int
        Of the order of the images and the augmentation; and of the first weights,
        for those who start from ``LeNet(seed=recipe.seed)``.
    """

    name: str
    epochs: int
    batch_size: int = 64
    learning_rate: float = 0.001
    betas: tuple = (0.9, 0.999)
    schedule: str = "constant"
    augmentation: Augmentation | None = None
    forms: float = 0.0
    nodigits: float = 0.0
    nodigit_weight: float = 1.0
    label_smoothing: float = 0.0
    training_form: bool = False
    expansion: int = 0
    measured_input: bool = False
    averaging: float = 0.0
    seed: int = 0


REFERENCE = Recipe("reference", epochs=30)
"""The course's original recipe: Adam, learning rate 0.001, batches of 64, 30 epochs."""

FAST = Recipe(
    "fast",
    epochs=2,
    learning_rate=0.02,
    betas=(0.85, 0.98),
    schedule="one-cycle",
    label_smoothing=0.1,
    training_form=True,
    measured_input=True,
)
"""What notebook 03 runs: a good network in the fewest seconds on a laptop CPU."""

BEST = Recipe(
    "best",
    epochs=150,
    batch_size=128,
    learning_rate=0.015,
    schedule="one-cycle",
    augmentation=Augmentation(rotation=10, scale=0.1, shear=0.2, shift=1.5, distortion=0.5, stroke=0.4),
    forms=0.1,
    nodigits=0.05,
    nodigit_weight=0.5,
    training_form=True,
    expansion=2,
    averaging=0.999,
)
"""What made ``model.pth``."""

FINE_TUNING = Recipe(
    "fine-tuning",
    epochs=5,
    learning_rate=0.0005,
    schedule="one-cycle",
    augmentation=BEST.augmentation,
)
"""What `fine_tune` follows: a small rate and few epochs, so that little of what was learnt is lost."""

RECIPES = {recipe.name: recipe for recipe in (REFERENCE, FAST, BEST)}
