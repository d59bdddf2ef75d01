"""Files of tensors that are damaged, or made by somebody who means harm."""

import io
import pickle
import random
import zipfile
from collections import OrderedDict

import pytest
import torch

from benchmarks.reliability import damaged_models
from lenet_helpers import LeNet, ModelError, load_model
from lenet_helpers.system.tensor_files import check_archive


def saved(value):
    content = io.BytesIO()
    torch.save(value, content)
    return content.getvalue()


def read_tensors(content):
    check_archive(content)
    return torch.load(io.BytesIO(content), weights_only=True)


@pytest.fixture(scope="module")
def whole():
    return saved(LeNet(seed=1).state_dict())


def test_what_torch_saves_is_read_back(whole):
    for name, value in LeNet(seed=1).state_dict().items():
        assert torch.equal(read_tensors(whole)[name], value)
    mixed = {"a": [1, 2.5, None, "text", True], "b": (torch.arange(3), torch.ones(2, dtype=torch.uint8))}
    assert str(read_tensors(saved(mixed))) == str(mixed)


def test_one_changed_bit_among_the_weights_is_noticed(whole, tmp_path):
    numbers = next(iter(LeNet(seed=1).state_dict().values())).numpy().tobytes()
    at = whole.index(numbers) + 17
    damaged = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    # torch itself does not notice.
    torch.load(io.BytesIO(damaged), weights_only=True)
    with pytest.raises(ValueError, match="fails its checksum"):
        read_tensors(damaged)
    (tmp_path / "damaged.pth").write_bytes(damaged)
    with pytest.raises(ModelError, match=r"damaged\.pth .* damaged"):
        load_model(tmp_path / "damaged.pth")


def test_no_flipped_bit_changes_a_number_unnoticed(whole):
    expected = {name: value.numpy().tobytes() for name, value in read_tensors(whole).items()}
    rng = random.Random(0)
    noticed = 0
    for _ in range(150):
        try:
            found = read_tensors(damaged_models.flipped(rng, whole))
        except Exception:
            noticed += 1
            continue
        assert {name: value.numpy().tobytes() for name, value in found.items()} == expected
    assert noticed > 100


def test_what_is_packed_is_not_unpacked(whole):
    packed = damaged_models.with_record(whole, "data/0", bytes(1000), zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="packed"):
        read_tensors(packed)


def test_the_same_bytes_cannot_be_claimed_twice(whole):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("archive/data.pkl", b"x" * 1000)
        archive.filelist *= 50  # fifty entries, one content
    with pytest.raises(ValueError, match="more than it does"):
        read_tensors(content.getvalue())


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_a_name_that_weights_do_not_need_is_refused(whole, protocol):
    program = pickle.dumps(OrderedDict([("conv1.weight", damaged_models._Call(bytearray, 10))]), protocol)
    with pytest.raises(ValueError, match=r"it asks for .*bytearray|STACK_GLOBAL"):
        read_tensors(damaged_models.with_record(whole, "data.pkl", program))


def test_a_program_without_end_is_refused(whole):
    program = b"\x80\x02]" + b"K\0a" * 2_000_000 + b"."
    with pytest.raises(ValueError, match="far more"):
        read_tensors(damaged_models.with_record(whole, "data.pkl", program))
