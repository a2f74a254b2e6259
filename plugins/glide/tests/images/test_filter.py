"""Pictures left out by words and by what a judge sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from datasets import Dataset, IterableDataset

from framework.errors import UserError
from framework.testing import check_environment
from framework.testing.sections import build
from framework_glide.evaluation.judge.model import Judge
from framework_glide.images.filter import FilterConfig, make_filtered

SHAPES = {"use": "glide/captioned_shapes", "size": 8, "images": 200, "validation": 40, "caption_noise": 0.3}


def filtered(**given: Any) -> Any:
    return build("environment", {"use": "glide/filtered", "environment": SHAPES, **given})


def test_the_environment_conforms() -> None:
    section = {"use": "glide/filtered", "environment": {**SHAPES, "streaming": True}, "words": ["cross"]}
    check_environment(section)


def test_captions_with_a_word_are_left_out() -> None:
    plain = build("environment", SHAPES)
    found = filtered(words=["CROSS", "red circle", "squar"])
    stays = [c for c in plain["train"]["caption"] if "cross" not in c and "red circle" not in c]
    assert list(found["train"]["caption"]) == stays
    assert any("square" in caption for caption in stays)  # whole words only
    assert list(found["validation"]["caption"]) == list(plain["validation"]["caption"])
    both = filtered(words=["cross"], splits=["train", "validation"])
    assert not any("cross" in caption for caption in both["validation"]["caption"])


def test_a_stream_loses_the_same_pictures() -> None:
    shapes = {**SHAPES, "streaming": True}
    stream = filtered(environment=shapes, words=["cross"])["train"]
    assert isinstance(stream, IterableDataset)
    assert [row["caption"] for row in stream] == list(filtered(words=["cross"])["train"]["caption"])


class Oracle:
    """A judge that is never wrong: it knows the rows."""

    def __init__(self, split: Dataset) -> None:
        self.rows = {row["image"].tobytes(): row for row in _rows(split)}
        self.attribute_names = {
            name: tuple(split.features[name].names) for name in ("shape_1", "shape_2", "colour_1")
        }

    def probabilities(self, pictures: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        found = {}
        for name, names in self.attribute_names.items():
            there = [self.rows[picture.tobytes()][name] for picture in pictures]
            found[name] = np.where(np.arange(len(names)) == np.array(there)[:, None], 0.9, 0.05)
        return found


def _rows(split: Dataset) -> list[dict[str, Any]]:
    return [{**row, "image": np.asarray(row["image"], np.uint8)} for row in split]


@pytest.mark.parametrize("classes", [("cross",), ("cross", "red")])
def test_pictures_in_which_the_judge_sees_a_class_are_left_out(
    classes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    plain = build("environment", SHAPES)
    oracle = Oracle(plain["train"])
    monkeypatch.setattr("framework_glide.evaluation.judge.loading.load", lambda path: oracle)
    found = make_filtered(FilterConfig(environment=plain, judge=tmp_path / "judge.ckpt", classes=classes))

    def shown(row: dict[str, Any]) -> set[str]:
        return {oracle.attribute_names[name][row[name]] for name in oracle.attribute_names}

    stays = [row["caption"] for row in _rows(plain["train"]) if not shown(row) & set(classes)]
    assert list(found["train"]["caption"]) == stays
    # Captions are wrong for some, and the pictures count.
    assert any("cross" in caption for caption in stays)


def test_probabilities_of_a_judge_add_up() -> None:
    environment = build("environment", SHAPES)
    judge = build("model", {"use": "glide/judge"}, environment)
    assert isinstance(judge, Judge)
    pictures = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    for chances in judge.eval().probabilities(pictures).values():
        np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "a filter needs `words`"),
        ({"classes": ["cross"]}, "judge and classes belong together"),
        ({"words": ["cross"], "splits": ["trian"]}, "no split 'trian'; did you mean 'train'"),
        ({"words": ["circle", "square", "triangle", "cross"]}, "leaves nothing of the split 'train'"),
    ],
)
def test_impossible_filters_are_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        filtered(**given)


def test_a_class_that_the_judge_does_not_know_is_named(monkeypatch: Any, tmp_path: Any) -> None:
    plain = build("environment", SHAPES)
    oracle = Oracle(plain["train"])
    monkeypatch.setattr("framework_glide.evaluation.judge.loading.load", lambda path: oracle)
    with pytest.raises(UserError, match="knows no class 'crss'; did you mean 'cross'"):
        make_filtered(FilterConfig(environment=plain, judge=tmp_path / "judge.ckpt", classes=("crss",)))
