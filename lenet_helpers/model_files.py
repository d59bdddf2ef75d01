"""Files of weights: written whole or not at all, read with suspicion.

Taught in notebook 03.
"""

import torch

from lenet_helpers.architecture import LeNet
from lenet_helpers.tensor_files import NoTensors, read_tensors, write_tensors


class ModelError(ValueError):
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
    try:
        write_tensors(weights, path)
    except OSError as error:
        raise ModelError(
            f"{path} can't be written ({error.strerror}). Choose a file name in an existing folder that you can "
            f"write to, on a disk with room left."
        ) from error


_LARGEST_FILE = 10 * 2**20  # the weights take 65 kB; reading far more could only fill the memory


def load_model(path, device="cpu"):
    """Read a LeNet from a `state_dict` file. Taught in notebook 03.

    Only tensors are read (``weights_only=True``): a file can't run code.

    Parameters
    ----------
    path : path
        As written by `save_model`.
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
    mend = "Train one with: lenet train --recipe best --out FILE"
    try:
        weights = read_tensors(path, _LARGEST_FILE)
    except FileNotFoundError:
        raise ModelError(f"{path} does not exist. Check the name. {mend}") from None
    except OSError as error:
        raise ModelError(f"{path} can't be read ({error.strerror}). Choose a file that you can read.") from error
    except NoTensors as error:
        raise ModelError(f"{path} is not a file of weights: it {error}. {mend}") from error
    model = LeNet(seed=0)
    _check_weights(path, weights, model.state_dict(), mend)
    model.load_state_dict(weights)
    return model.to(device).eval()


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
