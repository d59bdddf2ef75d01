"""Thresholds and pieces (`masks`), on which all steps stand."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.filters import threshold_otsu

from lenet_helpers.preparation.masks import nearest, otsu, padded, pieces, without_holes


def test_the_threshold_lies_in_the_middle_of_an_empty_gap():
    """Ink of 90 % and what JPEG leaves around it: Otsu's criterion is the same all over the gap between them."""
    random = np.random.default_rng(0)
    values = np.concatenate([random.uniform(0.06, 0.15, 3000), random.uniform(0.85, 0.95, 5000)]).astype(np.float32)
    assert otsu(values) == pytest.approx(0.5, abs=0.02)
    assert threshold_otsu(values) < 0.2, "at its foot"


def test_without_a_gap_the_threshold_is_about_otsus():
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(0.3, 0.08, 4000), random.normal(0.7, 0.08, 4000)]).astype(np.float32)
    assert otsu(values) == pytest.approx(threshold_otsu(values), abs=0.03)
    assert otsu(np.full(5, 0.4, np.float32)) == pytest.approx(0.2)


@pytest.mark.parametrize("parts", [(0.3, 0.08, 0.7, 0.08), (0.3, 0.02, 0.6, 0.2), (0.1, 0.01, 0.3, 0.1)])
def test_the_threshold_is_the_middle_between_the_means_of_the_parts_in_256_bins(parts):
    random = np.random.default_rng(0)
    values = np.abs(np.concatenate([random.normal(*parts[:2], 4000), random.normal(*parts[2:], 4000)]))
    low, width = values.min(), np.ptp(values) / 256
    binned = low + (np.minimum((values - low) // width, 255) + 0.5) * width
    dark = binned <= threshold_otsu(values, nbins=256)
    assert otsu(values) == pytest.approx((binned[dark].mean() + binned[~dark].mean()) / 2, abs=1e-6)


@pytest.mark.parametrize(("apart", "threshold"), [(0.0008, 0.5), (0.0012, 1.0006)])
def test_values_that_differ_by_a_thousandth_are_one(apart, threshold):
    assert otsu(np.array([1, 1 + apart])) == pytest.approx(threshold, abs=1e-4)


def test_pieces_are_scipys_with_boxes_and_areas():
    mask = np.random.default_rng(1).random((60, 80)) > 0.7
    mask[:, :5] = mask[50:] = False
    found = pieces(mask)
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    np.testing.assert_array_equal(found.labels, labels)
    assert found.boxes == ndimage.find_objects(labels) and len(found) == count
    np.testing.assert_array_equal(found.areas, np.bincount(labels.ravel())[1:])
    np.testing.assert_array_equal(found.mask(0, 2), (labels == 1) | (labels == 3))
    assert len(pieces(np.zeros((5, 5), bool))) == 0


def test_the_nearest_place_gives_its_value():
    places = np.zeros((40, 50), bool)
    places[5, 5] = places[30, 40] = places[20, 8] = True
    values = np.arange(2000, dtype=np.float32).reshape(40, 50)
    expected = values[tuple(ndimage.distance_transform_edt(~places, return_distances=False, return_indices=True))]
    assert (nearest(values, places) == expected).mean() > 0.97, "OpenCV's distances are a little off between two"


@pytest.mark.parametrize("seed", range(5))
def test_holes_are_filled_as_scipy_fills_them_and_a_margin_is_that_of_numpy(seed):
    random = np.random.default_rng(seed)
    mask = random.random(random.integers(1, 40, 2)) < 0.6
    assert np.array_equal(without_holes(mask), ndimage.binary_fill_holes(mask))
    values = random.normal(size=mask.shape).astype(np.float32)
    assert np.array_equal(padded(values, 3), np.pad(values, 3)) and padded(values, 3).dtype == np.float32
