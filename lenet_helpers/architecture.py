"""The network: LeNet with global average pooling, exactly 15,626 parameters.

Taught in notebook 02. The layers follow LeNet-5 (LeCun et al., 1998, "Gradient-based
learning applied to document recognition"); ReLU, the narrow head and the global
average pooling of Lin et al. (2013, "Network in network") are this course's own.
"""

import warnings
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import nn

from lenet_helpers.system.devices import thread_limit
from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.tensor_files import NoTensors, Objects, read_tensors, write_tensors


class LeNet(nn.Sequential):
    """The course's network. Taught in notebook 02.

    Takes inputs of shape (N, 1, 28, 28), float32 in [-1, 1]; gives logits of shape
    (N, 10), float32, before softmax. Its layers stand in reading order and carry the
    names that appear in its `state_dict`: ``conv1.weight``, ``fc3.bias`` and so on.

    Parameters
    ----------
    seed : int, optional
        Start from the weights that belong to this seed. The global random state of
        torch is left as it was. Without a seed, the weights are torch's next ones.

    Examples
    --------
    >>> LeNet(seed=0)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, seed=None):
        if seed is None:
            layers = _layers()
        else:
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(seed)  # torch.manual_seed would reach the GPUs as well
                layers = _layers()
        super().__init__(layers)


def _layers():
    return OrderedDict(
        conv1=nn.Conv2d(1, 6, kernel_size=5, padding=2),  # (N, 6, 28, 28)
        relu1=nn.ReLU(),
        pool1=nn.AvgPool2d(2),  # (N, 6, 14, 14)
        conv2=nn.Conv2d(6, 16, kernel_size=5),  # (N, 16, 10, 10)
        relu2=nn.ReLU(),
        pool2=nn.AvgPool2d(2),  # (N, 16, 5, 5)
        average=nn.AdaptiveAvgPool2d(1),  # (N, 16, 1, 1): one number for each feature map
        flatten=nn.Flatten(),  # (N, 16)
        fc1=nn.Linear(16, 120),
        relu3=nn.ReLU(),
        fc2=nn.Linear(120, 84),
        relu4=nn.ReLU(),
        fc3=nn.Linear(84, 10),  # (N, 10): the logits
    )


@dataclass(frozen=True)
class LayerTrace:
    """What one layer does to a batch; one row of `trace`.

    Attributes
    ----------
    name, kind : str
        Such as "conv1" and "Conv2d".
    output_shape : tuple of int
        With the batch size first.
    parameters : int
        Weights and biases.
    multiply_adds : int
        Multiplications with a weight, each with its addition, for one sample. Pooling,
        ReLU and biases multiply by no weight and count as 0.
    output : Tensor
        The layer's output itself.
    """

    name: str
    kind: str
    output_shape: tuple
    parameters: int
    multiply_adds: int
    output: torch.Tensor


@torch.no_grad()
def trace(model, inputs):
    """Run `inputs` through `model` and note what every layer does. Taught in notebook 02.

    Parameters
    ----------
    model : nn.Sequential
        `LeNet`, or any network made of layers in a row.
    inputs : Tensor of float32, shape (N, 1, 28, 28)

    Returns
    -------
    list of LayerTrace
        One row a layer, in order.
    """
    rows, x = [], inputs
    for name, layer in model.named_children():
        x = layer(x)
        rows.append(
            LayerTrace(name, type(layer).__name__, tuple(x.shape), count_parameters(layer), _multiply_adds(layer, x), x)
        )
    return rows


def count_parameters(module):
    """Return how many numbers `module` learns: all entries of all its parameters."""
    return sum(parameter.numel() for parameter in module.parameters())


def conv_output_size(size, kernel_size, stride=1, padding=0):
    """Return the side of what a convolution or pooling makes of an image of side `size`.

    ``floor((size + 2 padding - kernel_size) / stride) + 1``. Taught in notebook 02.

    Raises
    ------
    ValueError
        The kernel is larger than the padded image.
    """
    if kernel_size > size + 2 * padding:
        raise ValueError(f"a kernel of {kernel_size} does not fit into {size} + 2 × {padding} pixels")
    return (size + 2 * padding - kernel_size) // stride + 1


@torch.no_grad()
def forward_in_batches(model, inputs, batch_size=256):
    """Return the logits for any number of inputs in bounded memory.

    The model is put in evaluation mode for the time of the call.

    Parameters
    ----------
    model : nn.Module
    inputs : Tensor of float32, shape (N, 1, 28, 28)
        Moved to the model's device, batch by batch.
    batch_size : int
        At least 1. The memory for the largest layer of a few hundred images stays in use from batch to batch; for
        1,000 it does not, and a CPU takes longer for each.

    Returns
    -------
    Tensor of float32, shape (N, 10), on the model's device
    """
    if batch_size < 1:
        raise ValueError(f"the batch size is {batch_size}, and must be at least 1")
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        with thread_limit():
            return torch.cat([model(batch.to(device)) for batch in inputs.split(batch_size)])
    finally:
        model.train(was_training)


def _multiply_adds(layer, output):
    """For one sample: every output number of a convolution or linear layer costs one
    multiply-add for each weight that leads to it."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        weights_per_output = layer.weight[0].numel()
        return output[0].numel() * weights_per_output
    return 0


class ModelError(CourseError):
    """A model file that can't be read, used or written; the message names the mend."""


def save_model(model, path):
    """Write the model's plain `state_dict` to `path`, whole or not at all.

    Taught in notebook 03. It is written under another name in the same folder, then
    renamed, so an old file stays as it was until the new one is complete.

    Parameters
    ----------
    model : LeNet
    path : path

    Raises
    ------
    ModelError
        The file can't be written there.
    """
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    write_tensors(weights, path, ModelError)


_LARGEST_FILE = 10 * 2**20  # the weights take 65 kB; reading far more could only fill the memory


def load_model(path, device="cpu"):
    """Read a LeNet from a `state_dict` file. Taught in notebook 03.

    Only tensors are read (``weights_only=True``): a file can't run code. Weights that lie in
    a dictionary of other things, whose names have a prefix, or that are not float32 are
    taken after a warning that says so.

    Parameters
    ----------
    path : path
        As written by `save_model`, or by ``torch.save(model.state_dict(), path)``.
    device : torch.device or str

    Returns
    -------
    LeNet
        In evaluation mode.

    Raises
    ------
    ModelError
        The file is missing, is no state_dict, belongs to another network, or holds
        numbers that are not finite. The message names the file and the mend.
    """
    mend = "Use the course's model.pth, or train one in seconds: lenet train --recipe fast --out FILE"
    try:
        weights = read_tensors(path, _LARGEST_FILE)
    except FileNotFoundError:
        raise ModelError(f"{path} does not exist. Check the name. {mend}") from None
    except OSError as error:
        raise ModelError(f"{path} can't be read ({error.strerror}). Choose a file that you can read.") from error
    except Objects as error:
        raise ModelError(
            f"{path} is not a file of weights: it {error}. If it is a whole network, load it where it was saved "
            f"and write its weights: torch.save(model.state_dict(), FILE). {mend}"
        ) from error
    except NoTensors as error:
        raise ModelError(f"{path} is not a file of weights: it {error}. {mend}") from error
    model = LeNet(seed=0)
    weights, notes = _plain_weights(weights, model.state_dict())
    _check_weights(path, weights, model.state_dict(), mend)
    if notes:
        warnings.warn(f"{path}: {', '.join(notes)}", stacklevel=2)
    model.load_state_dict(weights)
    return model.to(device).eval()


def _plain_weights(content, expected):
    """Return what may be the weights in a file's content, and notes on what was done to them.

    Programs put them beside other things, such as the number of the epoch; torch.nn.DataParallel
    and torch.compile put a prefix before each name; half precision saves space.
    """
    if not isinstance(content, dict):
        return content, []
    inside = {key: _without_prefix(value, expected) for key, value in content.items() if isinstance(value, dict)}
    at = next((key for key, (value, _) in inside.items() if value.keys() == expected.keys()), None)
    weights, prefix = _without_prefix(content, expected) if at is None else inside[at]
    notes = [] if at is None else [f"the weights are taken from its entry {at!r}"]
    if prefix:
        notes.append(f"their names are taken without {prefix!r}")
    floats = {name: value for name, value in weights.items() if torch.is_tensor(value) and value.is_floating_point()}
    if others := sorted({str(value.dtype).removeprefix("torch.") for value in floats.values()} - {"float32"}):
        weights = {**weights, **{name: value.float() for name, value in floats.items()}}
        notes.append(f"numbers in {' and '.join(others)} are turned into float32")
    return weights, notes


def _without_prefix(weights, expected):
    """Return the weights by their plain names, and what stood before each of these."""
    first = next(iter(expected))
    names = [name for name in weights if isinstance(name, str)]
    prefix = next((name.removesuffix(first) for name in names if name.endswith(first)), "")
    if not all(name.startswith(prefix) for name in names) or len(names) < len(weights):
        return weights, ""
    return {name.removeprefix(prefix): value for name, value in weights.items()}, prefix


def _check_weights(path, weights, expected, mend):
    if not isinstance(weights, dict) or not all(torch.is_tensor(value) for value in weights.values()):
        raise ModelError(f"{path} does not hold a state_dict (names with tensors). Save one with save_model. {mend}")
    if weights.keys() != expected.keys():
        missing, foreign = sorted(expected.keys() - weights.keys()), sorted(map(str, weights.keys() - expected.keys()))
        raise ModelError(f"{path} belongs to another network: missing {missing}, not known {foreign}. {mend}")
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            raise ModelError(
                f"{path} belongs to another network: {name} has shape {tuple(value.shape)}, "
                f"not {tuple(expected[name].shape)}. {mend}"
            )
        if value.dtype != torch.float32 or value.is_sparse or not value.isfinite().all():
            raise ModelError(f"{path}: {name} must hold finite float32 numbers. {mend}")
