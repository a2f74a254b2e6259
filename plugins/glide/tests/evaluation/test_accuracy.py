from __future__ import annotations

import pytest

from framework_glide.evaluation.accuracy import attribute_accuracy

TRUTH = {"shape": [0, 1, 2, 0], "colour": [1, 1, 0, 2]}
READ = {"shape": [0, 1, 0, 0], "colour": [1, 0, 0, 2]}


def test_a_picture_is_right_when_all_attributes_are() -> None:
    found = attribute_accuracy(READ, TRUTH)

    assert found.of_pictures.tolist() == [True, False, False, True]
    assert found.all == 0.5
    assert found.each == {"shape": 0.75, "colour": 0.75}
    assert found.mean == 0.75


def test_only_what_the_caption_mentions_counts() -> None:
    found = attribute_accuracy(READ, TRUTH, [["shape"], ["shape"], ["shape", "colour"], []])

    assert found.of_pictures.tolist() == [True, True, False, True]
    assert found.each == {"shape": pytest.approx(2 / 3), "colour": 1.0}


def test_an_attribute_no_caption_mentions_has_no_accuracy() -> None:
    found = attribute_accuracy(READ, TRUTH, [["shape"]] * 4)

    assert found.each == {"shape": 0.75}
    assert found.mean == 0.75
