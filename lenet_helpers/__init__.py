"""Helpers of the LeNet-MNIST course: one module for each lesson.

Every public name can be imported from here. A name is loaded when it is first
used, so ``import lenet_helpers`` itself stays cheap: torch is imported only by
those who need it.
"""

import importlib

from lenet_helpers.system.lazy import lazily

__version__ = "1.2.0"

# name -> module that defines it. The order is that of the lessons.
_HOMES = {
    "COURSE": "system.paths",
    "CLASSES": "data",
    "DataError": "system.download",
    "MNIST": "data",
    "MNISTDataset": "data",
    "SampleNotice": "data",
    "Split": "data",
    "first_of_each_class": "data",
    "load_mnist": "data",
    "original_transform": "data",
    "to_input": "data",
    "LayerTrace": "architecture",
    "LeNet": "architecture",
    "conv_output_size": "architecture",
    "count_parameters": "architecture",
    "forward_in_batches": "architecture",
    "trace": "architecture",
    "Augmentation": "fitting.augmentation",
    "augment": "fitting.augmentation",
    "draw_forms": "drawing.forms",
    "BEST": "fitting.recipes",
    "FAST": "fitting.recipes",
    "CheckpointError": "fitting.checkpoints",
    "load_checkpoint": "fitting.checkpoints",
    "load_class": "demos.classroom.split",
    "save_checkpoint": "fitting.checkpoints",
    "ModelError": "architecture",
    "RECIPES": "fitting.recipes",
    "REFERENCE": "fitting.recipes",
    "Recipe": "fitting.recipes",
    "Record": "training",
    "TrainingForm": "fitting.folding",
    "TrainingRun": "training",
    "environment_stamp": "system.devices",
    "fine_tune": "training",
    "fit": "training",
    "load_model": "architecture",
    "pick_device": "system.devices",
    "save_model": "architecture",
    "stop_on_interrupt": "system.programs",
    "training_step": "training",
    "Evaluation": "evaluation",
    "Mistake": "evaluation",
    "accuracy": "evaluation",
    "confusion_matrix": "evaluation",
    "evaluate": "evaluation",
    "most_confident_mistakes": "evaluation",
    "most_confused_pairs": "evaluation",
    "precision_recall": "evaluation",
    "ImageClassifier": "inference",
    "at_slants": "inference",
    "occlusion": "inference",
    "probabilities_over_slants": "inference",
    "ImageError": "inference",
    "Prediction": "inference",
    "centre": "preparation.mnist_form",
    "explain": "inference",
    "imageClassifier": "inference",
    "ink_is_light": "preparation.paper",
    "read_image": "inference",
    "Reading": "numbers",
    "best_path": "numbers",
    "explain_number": "numbers",
    "to_mnist": "inference",
    "take_home": "demos.take_home",
    "check": "exercises",
    "hint": "exercises",
    "progress": "exercises",
}

__all__ = sorted([*_HOMES, "__version__"])


__getattr__, __dir__ = lazily(
    __name__, __all__, lambda name: getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
)
