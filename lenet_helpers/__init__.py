"""Helpers of the LeNet-MNIST course: one module for each lesson.

Every public name can be imported from here. A name is loaded when it is first
used, so ``import lenet_helpers`` itself stays cheap: torch is imported only by
those who need it.
"""

import importlib

from lenet_helpers.system.lazy import lazily

__version__ = "1.2.0"

# The public names of each module, the lessons' first.
_NAMES = {
    "data": "CLASSES MNIST MNISTDataset SampleNotice Split first_of_each_class load_mnist original_transform to_input",
    "architecture": (
        "LayerTrace LeNet conv_output_size count_parameters forward_in_batches trace ModelError load_model save_model"
    ),
    "training": "TrainingRun fine_tune fit training_step",
    "evaluation": (
        "Evaluation Mistake accuracy confusion_matrix evaluate most_confident_mistakes most_confused_pairs "
        "precision_recall"
    ),
    "inference": (
        "ImageClassifier at_slants occlusion probabilities_over_slants ImageError Prediction explain imageClassifier "
        "read_image to_mnist"
    ),
    "numbers": "Reading best_path explain_number",
    "exercises": "check hint progress",
    "demos.classroom.split": "load_class",
    "demos.take_home": "take_home",
    "fitting.augmentation": "Augmentation augment",
    "fitting.checkpoints": "CheckpointError load_checkpoint save_checkpoint",
    "fitting.folding": "TrainingForm",
    "fitting.recipes": "BEST FAST RECIPES REFERENCE Recipe",
    "fitting.records": "Record",
    "preparation.mnist_form": "centre",
    "preparation.paper": "ink_is_light",
    "drawing.forms": "draw_forms",
    "system.devices": "environment_stamp pick_device",
    "system.download": "DataError",
    "system.paths": "COURSE",
    "system.programs": "stop_on_interrupt",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted([*_HOMES, "__version__"])


__getattr__, __dir__ = lazily(
    __name__, __all__, lambda name: getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
)
