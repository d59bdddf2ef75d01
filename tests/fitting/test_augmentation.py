import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from lenet_helpers.data import to_input
from lenet_helpers.fitting import augmentation
from lenet_helpers.fitting.augmentation import Augmentation, augment

EVERYTHING = Augmentation(rotation=15, scale=0.2, shear=0.2, shift=3, distortion=1, stroke=1)


@pytest.fixture(scope="module")
def inputs(sample):
    return to_input(sample.train.pixels[::70])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def fixed(monkeypatch, share):
    """Let every uniform draw be the same: 0 gives the lowest value, 1 the highest."""
    monkeypatch.setattr(augmentation.torch, "rand", lambda *shape, generator: torch.full(shape, float(share)))


def test_zero_everywhere_changes_nothing(inputs):
    assert torch.allclose(augment(inputs, Augmentation(), generator()), inputs, atol=1e-5)


@pytest.mark.parametrize(("share", "pixels"), [(0, 1), (1, -1)])
def test_shift_of_one_pixel_is_a_roll(inputs, monkeypatch, share, pixels):
    """The border of MNIST digits is empty, so what leaves on one side comes back empty on the other."""
    inputs = inputs.clone()
    inputs[..., [0, -1], :] = inputs[..., [0, -1]] = -1
    fixed(monkeypatch, share)
    moved = augment(inputs, Augmentation(shift=1), generator())
    assert torch.allclose(moved, inputs.roll((pixels, pixels), dims=(2, 3)), atol=1e-4)


def test_what_comes_from_outside_is_background(monkeypatch):
    fixed(monkeypatch, 0)
    moved = augment(torch.ones(1, 1, 28, 28), Augmentation(shift=5), generator())
    assert torch.allclose(moved[..., :5, :], torch.tensor(-1.0)) and torch.allclose(
        moved[..., 6:, 6:], torch.tensor(1.0)
    )


@pytest.mark.parametrize("share", [0, 1])
def test_rotation_agrees_with_scipy(inputs, monkeypatch, share):
    fixed(monkeypatch, share)
    ours = augment(inputs[:5], Augmentation(rotation=20), generator())[:, 0].numpy()
    sign = 1 if share else -1
    theirs = [ndimage.rotate(image, sign * 20, reshape=False, order=1, cval=-1) for image in inputs[:5, 0].numpy()]
    assert np.abs(ours - np.stack(theirs)).mean() < 0.01


def test_scale_is_a_factor_of_the_logarithm(monkeypatch):
    """A bar of 10 columns, shrunk by exp(0.2) and widened by the same."""
    bar = torch.full((1, 1, 28, 28), -1.0)
    bar[..., 9:19] = 1
    for share, factor in ((0, math.exp(0.2)), (1, math.exp(-0.2))):
        fixed(monkeypatch, share)
        ink = (augment(bar, Augmentation(scale=0.2), generator()) + 1).div(2)[0, 0, 14].sum().item()
        assert ink == pytest.approx(10 * factor, abs=0.3)


def test_shear_slants_the_top_row_by_its_fraction_of_half_the_image(monkeypatch):
    line = torch.full((1, 1, 28, 28), -1.0)
    line[..., 13:15] = 1
    fixed(monkeypatch, 0)
    slanted = (augment(line, Augmentation(shear=0.3), generator())[0, 0] + 1) / 2
    columns = (slanted * torch.arange(28.0)).sum(dim=1) / slanted.sum(dim=1)
    assert abs(columns[0] - columns[27]).item() == pytest.approx(0.3 * 27, abs=0.2)
    assert columns[13:15].mean().item() == pytest.approx(13.5, abs=0.05)


def test_thicker_is_dilation_and_thinner_is_erosion(inputs, monkeypatch):
    images = inputs[:4, 0].numpy()
    for share, morphology in ((1, ndimage.grey_dilation), (0, ndimage.grey_erosion)):
        fixed(monkeypatch, share)
        # with share 1 no draw is below stroke_share 1, so ask for more
        changed = augment(inputs[:4], Augmentation(stroke=1, stroke_share=1.1), generator())[:, 0].numpy()
        expected = np.stack([morphology(image, size=(3, 3), mode="nearest") for image in images])
        assert np.allclose(changed, expected, atol=1e-4)


def test_stroke_width_changes_only_for_its_share(inputs):
    none = augment(inputs, Augmentation(stroke=1, stroke_share=0), generator())
    assert torch.allclose(none, inputs, atol=1e-5)
    half = augment(inputs.repeat(20, 1, 1, 1), Augmentation(stroke=1, stroke_share=0.5), generator())
    changed = (half - inputs.repeat(20, 1, 1, 1)).abs().amax(dim=(1, 2, 3)) > 1e-3
    assert changed.float().mean().item() == pytest.approx(0.5, abs=0.06)


def test_everything_at_once_keeps_shape_range_and_its_inputs(inputs):
    before = inputs.clone()
    changed = augment(inputs, EVERYTHING, generator())
    assert changed.shape == inputs.shape and changed.dtype == torch.float32
    assert changed.min() >= -1 - 1e-5 and changed.max() <= 1 + 1e-5
    assert torch.equal(inputs, before) and changed.data_ptr() != inputs.data_ptr()
    assert ((changed - inputs).abs().amax(dim=(1, 2, 3)) > 0.1).all(), "every image is changed"


def test_each_image_has_random_numbers_of_its_own(inputs):
    changed = augment(inputs[:1].repeat(8, 1, 1, 1), EVERYTHING, generator())
    assert all(not torch.equal(changed[0], other) for other in changed[1:])


def test_only_the_generator_decides(inputs):
    before = torch.random.get_rng_state()
    first = augment(inputs, EVERYTHING, generator(1))
    torch.rand(3)
    assert torch.equal(augment(inputs, EVERYTHING, generator(1)), first)
    assert not torch.equal(augment(inputs, EVERYTHING, generator(2)), first)
    torch.random.set_rng_state(before)
    augment(inputs, EVERYTHING, generator(1))
    assert torch.equal(torch.random.get_rng_state(), before)
