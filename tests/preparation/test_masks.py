"""Thresholds and pieces (`masks`), on which all steps stand."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.filters import threshold_otsu

from lenet_helpers.preparation.masks import nearest, otsu, pieces


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
