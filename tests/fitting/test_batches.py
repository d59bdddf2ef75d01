import dataclasses
import math

import pytest
import torch

from lenet_helpers.fitting.augmentation import Augmentation
from lenet_helpers.fitting.batches import Batches
from lenet_helpers.fitting.distributed import Ranks
from lenet_helpers.fitting.recipes import Recipe

ALONE = Ranks()
PLAIN = Recipe("plain", epochs=1, batch_size=3, seed=4)
CHANGED = dataclasses.replace(PLAIN, augmentation=Augmentation(rotation=10, stroke=0.5))


def images(count):
    """Images that tell their own number, and labels that do, too."""
    return torch.arange(count).float().view(-1, 1, 1, 1).expand(-1, 1, 28, 28) / count, torch.arange(count)


def batches(recipe=PLAIN, count=100, ranks=ALONE):
    return Batches(*images(count), recipe, ranks)


def same(first, second):
    return len(first) == len(second) and all(
        torch.equal(one.inputs, other.inputs) and torch.equal(one.labels, other.labels)
        for one, other in zip(first, second, strict=True)
    )


def test_an_epoch_has_every_image_once_with_its_own_label():
    found = list(batches().after(0))
    assert [len(batch.labels) for batch in found] == batches().sizes == [3] * 33 + [1]
    assert sorted(torch.cat([batch.labels for batch in found]).tolist()) == list(range(100))
    for batch in found:
        assert batch.share == 1 and torch.equal((batch.inputs[:, 0, 0, 0] * 100).round().long(), batch.labels)


@pytest.mark.parametrize("recipe", [PLAIN, CHANGED], ids=["plain", "augmented"])
@pytest.mark.parametrize("done", [0, 1, 31, 32, 33, 34])
def test_from_any_batch_on_the_rest_is_the_same(recipe, done):
    """34 batches, of which 32 are augmented at once."""
    whole = list(batches(recipe).after(0))
    assert same(list(batches(recipe).after(done)), whole[done:])


def test_another_epoch_and_another_seed_have_another_order():
    first = batches()
    before = list(first.after(0))
    assert same(list(first.after(0)), before), "until the next epoch begins"
    first.begin_epoch()
    assert not same(list(first.after(0)), before)
    assert not same(list(batches(dataclasses.replace(PLAIN, seed=5)).after(0)), before)


@pytest.mark.parametrize("count", [2, 3])
def test_processes_part_each_batch_among_them_and_know_their_shares(count):
    recipe = dataclasses.replace(CHANGED, batch_size=8)
    alone = list(batches(recipe, 37).after(0))
    parts = zip(*(batches(recipe, 37, Ranks(rank, count)).after(0) for rank in range(count)), strict=True)
    for batch, shared in zip(alone, parts, strict=True):
        assert torch.equal(torch.cat([part.labels for part in shared]), batch.labels)
        assert torch.equal(torch.cat([part.inputs for part in shared]), batch.inputs)
        assert [part.share for part in shared] == [len(part.labels) / len(batch.labels) for part in shared]
        assert math.isclose(sum(part.share for part in shared), 1)


@pytest.mark.parametrize(
    ("recipe", "ranks", "says"),
    [
        (dataclasses.replace(PLAIN, batch_size=0), ALONE, "batches of 0 images"),
        (dataclasses.replace(PLAIN, training_form=True), ALONE, "100 images in batches of 3 leave one image over"),
        (PLAIN, Ranks(0, 2), "2 processes can't share a batch of 1"),
    ],
)
def test_batches_that_are_too_small_are_refused(recipe, ranks, says):
    with pytest.raises(ValueError, match=says):
        batches(recipe, ranks=ranks)


def test_other_data_have_another_fingerprint():
    inputs, labels = images(100)
    ours = Batches(inputs, labels, PLAIN, ALONE).fingerprint
    assert ours == Batches(inputs.clone(), labels.clone(), CHANGED, ALONE).fingerprint
    assert ours != Batches(inputs, labels.flip(0), PLAIN, ALONE).fingerprint
    assert ours != Batches(inputs + 0.001, labels, PLAIN, ALONE).fingerprint
