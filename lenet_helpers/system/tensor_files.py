"""Files of tensors: read in bounded memory and without running code, written whole or not at all."""

import io
import pickletools
import warnings
import zipfile
from pathlib import Path

import torch

from lenet_helpers.system.whole_files import written_whole


class NoTensors(ValueError):
    """The bytes of the file are not what `write_tensors` writes."""


class Objects(NoTensors):
    """The file holds whole objects of Python, such as a network, and reading them would run code."""


def read_tensors(path, largest):
    """Read numbers, texts and tensors from the file at `path`, if it has at most `largest` bytes; it can't run code.

    NoTensors says that it is too large, damaged, or something else, such as whole objects (`Objects`).
    """
    path = Path(path)
    size = path.stat().st_size
    if size > largest:
        raise NoTensors(f"has {size:,} bytes, more than can be meant")
    content = path.read_bytes()
    try:
        check_archive(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd pickles; what is wrong with them is said below
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Objects:
        raise
    except Exception as error:  # torch.load raises whatever the damaged bytes lead to
        raise NoTensors("is damaged, or something else") from error


def write_tensors(value, path, refusal):
    """Write numbers, texts and tensors to `path`, whole or not at all; a `refusal` is raised where that can't be done.

    It is one of the course's errors, and its message names the mend.
    """
    try:
        with written_whole(path) as file:
            torch.save(value, file)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as the second
        raise refusal(
            f"{path} can't be written ({getattr(error, 'strerror', error)}). Choose a file name in an existing folder "
            "that you can write to, on a disk with room left."
        ) from error


_NAMES = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    *(f"torch {kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Byte", "Bool")),
}
"""What a file of weights or a checkpoint is made of. Others, such as bytearray, can take any amount of memory."""

_LONGEST_PROGRAM = 4 * 2**20
"""Bytes of pickle that say how the tensors belong together; a checkpoint after 1,000 epochs has a tenth of that."""


def check_archive(content):
    """Refuse a file of tensors that is damaged, packed, or asks for more than tensors.

    ``torch.load(weights_only=True)`` runs no code. It does not notice changed numbers, though
    (it skips the checksums), and it unpacks what is packed, however large that gets. What is
    refused raises ValueError, or whatever the damaged bytes lead to.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        records = archive.infolist()
        if any(record.compress_type != zipfile.ZIP_STORED for record in records):
            raise ValueError("it is packed, which torch.save never does")
        if sum(record.file_size for record in records) > len(content):
            raise ValueError("it claims to hold more than it does")
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} in it fails its checksum")
        for record in records:
            if record.filename.endswith(".pkl"):
                _check_names(archive.read(record))


def _check_names(program):
    if len(program) > _LONGEST_PROGRAM:
        raise ValueError("it says far more about its tensors than there can be to say")
    for opcode, argument, _ in pickletools.genops(program):
        if opcode.name in ("STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"):
            raise ValueError(f"it makes objects in a way that weights do not need ({opcode.name})")
        if opcode.name == "GLOBAL" and argument not in _NAMES:
            name = argument.replace(" ", ".")
            if argument.startswith("torch "):  # tensors of another kind
                raise ValueError(f"it asks for {name}")
            raise Objects(f"holds more than tensors: it asks for {name}, and making that would run code")
