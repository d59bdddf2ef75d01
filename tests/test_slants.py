import numpy as np
import pytest
import torch
from scipy import ndimage

from lenet_helpers.architecture import LeNet
from lenet_helpers.data import to_input
from lenet_helpers.slants import SLANTS, at_slants, probabilities_over_slants


@pytest.fixture(scope="module")
def inputs(sample):
    return to_input(sample.test.pixels[::200])


def test_rows_move_sideways_as_scipy_moves_them(inputs):
    for slant, images in zip(SLANTS, at_slants(inputs), strict=True):
        for image, original in zip(images, inputs, strict=True):
            expected = ndimage.affine_transform(
                original[0].numpy().astype(float),
                [[1, 0], [slant, 1]],  # row j looks slant · (j - 13.5) pixels to the right
                offset=[0, -13.5 * slant],
                order=1,
                mode="grid-constant",
                cval=-1,
            )
            np.testing.assert_allclose(image[0].numpy(), expected, atol=1e-4)


def test_positive_slant_leans_the_top_to_the_right(inputs):
    upright = torch.full((1, 1, 28, 28), -1.0)
    upright[0, 0, 4:24, 14] = 1.0
    (leaning,) = at_slants(upright, [0.4])
    columns = leaning[0, 0].argmax(dim=1)
    assert columns[5] > 14 > columns[22]


def test_no_slant_is_the_image_itself(inputs):
    assert torch.equal(at_slants(inputs, [0.0])[0], inputs)


def test_mean_over_slants_by_hand(inputs):
    model = LeNet(seed=0).eval()
    with torch.no_grad():
        model.fc3.weight *= 50  # answers that differ
        expected = sum(model(images).double().softmax(dim=1) for images in at_slants(inputs)) / 5
    found = probabilities_over_slants(model, inputs)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert not torch.allclose(found, probabilities_over_slants(model, inputs, [0.0]), atol=1e-4)


def test_many_images_are_read_in_parts_with_the_same_answers(inputs, monkeypatch):
    model = LeNet(seed=0).eval()
    expected = probabilities_over_slants(model, inputs)
    monkeypatch.setattr("lenet_helpers.slants._AT_ONCE", 2)
    torch.testing.assert_close(probabilities_over_slants(model, inputs), expected, atol=1e-9, rtol=1e-6)
