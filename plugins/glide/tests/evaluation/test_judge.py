from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import DatasetDict

from framework.errors import UserError
from framework.testing import check_algorithm
from framework_glide.evaluation.config import JudgeAccuracyConfig
from framework_glide.evaluation.judge import Judge, build, load
from framework_glide.evaluation.judge.augmentation import augment
from framework_glide.evaluation.judge.config import JudgeConfig, JudgingConfig
from framework_glide.evaluation.judge.training import Judging
from framework_glide.evaluation.judge_accuracy import JudgeAccuracy
from framework_glide.evaluation.rows import rows_of
from framework_glide.training.batch import collate, to_tensor

SMALL_JUDGE = JudgeConfig(channels=(8, 16), features=16, dropout=0.0)


def test_reads_bytes_and_tensors_alike(judge: Judge, shapes: DatasetDict) -> None:
    pictures = rows_of(shapes, "validation", 20).pictures

    ours, theirs = judge.attributes(pictures), judge.attributes(to_tensor(pictures))
    assert set(ours) == {"relation", "shape_1", "colour_1", "size_1", "shape_2", "colour_2", "size_2"}
    for name, classes in ours.items():
        assert classes.shape == (20,)
        assert (classes == theirs[name]).all()
    assert judge.features(pictures).shape == (20, 16)


def test_log_probability_is_of_what_is_mentioned(judge: Judge, shapes: DatasetDict) -> None:
    rows = rows_of(shapes, "validation", 6)
    logits = judge(to_tensor(rows.pictures))
    expected = [
        sum(logits[name][i].log_softmax(0)[rows.attributes[name][i]].item() for name in spoken)
        for i, spoken in enumerate(rows.mentioned or ())
    ]

    assert judge.log_probability(rows.pictures, rows.asked) == pytest.approx(expected, rel=1e-5)


def test_probabilities_of_all_classes_sum_to_one(judge: Judge, shapes: DatasetDict) -> None:
    pictures = rows_of(shapes, "validation", 3).pictures
    total = sum(
        np.exp(
            judge.log_probability(pictures, {**_zeros(judge, 3), "shape_1": [shape] * 3, "mentioned": only})
        )
        for only in [[["shape_1"]] * 3]
        for shape in range(4)
    )

    assert total == pytest.approx(1)


def _zeros(judge: Judge, count: int) -> dict[str, list[int]]:
    return {name: [0] * count for name in judge.attribute_names}


def test_a_checkpoint_alone_rebuilds_it(judge: Judge, judge_path: Path, shapes: DatasetDict) -> None:
    loaded = load(judge_path)
    pictures = rows_of(shapes, "validation", 8).pictures

    assert loaded.attribute_names == judge.attribute_names
    assert (loaded.features(pictures) == judge.features(pictures)).all()
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_weights_stand_in_for_the_architecture(judge_path: Path, shapes: DatasetDict) -> None:
    model = build(shapes, JudgeConfig(weights=judge_path))

    assert model.training
    assert model.config.features == 16


@pytest.mark.parametrize("size", [8, 12, 16, 32, 33, 64])
def test_any_size_of_picture(size: int) -> None:
    judge = Judge({"label": ("a", "b")}, size, SMALL_JUDGE).eval()

    assert judge.features(np.zeros((2, size, size, 3), np.uint8)).shape == (2, 16)


def test_pictures_of_another_size_are_refused(judge: Judge) -> None:
    with pytest.raises(UserError, match="16 x 16 pixels, and these have 32 x 32"):
        judge.features(np.zeros((2, 32, 32, 3), np.uint8))


def test_a_file_that_is_no_judge_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.ckpt"
    torch.save({"state_dict": {"model.weight": torch.zeros(1)}}, path)

    with pytest.raises(UserError, match=r"other\.ckpt is not the checkpoint of a glide/judge"):
        load(path)


def test_an_environment_without_classes_is_refused(shapes: DatasetDict) -> None:
    bare = DatasetDict({"train": shapes["train"].select_columns(["image", "caption"])})

    with pytest.raises(UserError, match="columns of classes"):
        build(bare, SMALL_JUDGE)


def test_channels_have_to_suit_the_normalisation() -> None:
    with pytest.raises(UserError, match="multiple of 8"):
        JudgeConfig(channels=(12,))


def test_augmentation_shifts_whole_pictures_and_repeats_the_edge() -> None:
    images = torch.arange(64.0).view(1, 1, 8, 8).expand(20, 3, 8, 8) / 32 - 1
    moved = augment(images, torch.Generator().manual_seed(0), noise=0.0, shift=2)

    wide = torch.nn.functional.pad(images[:1], (2, 2, 2, 2), mode="replicate")
    windows = {(y, x): wide[0, :, y : y + 8, x : x + 8] for y in range(5) for x in range(5)}
    found = [[at for at, window in windows.items() if torch.equal(one, window)] for one in moved]
    assert all(found)
    assert len({tuple(at) for at in found}) > 8
    assert moved.shape == images.shape


def test_augmentation_noises_by_different_amounts() -> None:
    noisy = augment(torch.zeros(200, 3, 8, 8), torch.Generator().manual_seed(0), noise=0.3, shift=0)
    spread = noisy.std(dim=(1, 2, 3))

    assert spread.min() < 0.05 and 0.2 < spread.max() < 0.35


def _train(
    environment: DatasetDict, model: Judge, config: JudgingConfig, steps: int
) -> list[dict[str, float]]:
    algorithm = Judging(environment, model, config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr)
    generator = torch.Generator().manual_seed(0)
    logged = []
    for _ in range(steps):
        terms = algorithm.loss(collate(algorithm.supply.take(config.batch_size)), generator)
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
        logged.append({name: value.item() for name, value in terms.items()})
    return logged


def test_learns_what_pictures_show(drawn: DatasetDict) -> None:
    torch.manual_seed(0)
    model = build(drawn, replace(SMALL_JUDGE, channels=(16, 32), features=64))
    logged = _train(drawn, model, JudgingConfig(batch_size=64, lr=3e-3, noise=0.0, shift=0), 60)

    assert logged[-1]["loss"] < logged[0]["loss"] / 4
    model.eval()
    report = JudgeAccuracy(JudgeAccuracyConfig())(_Stage(model), drawn)
    assert report.metrics["validation/relation"] > 0.65
    assert 0 <= report.metrics["held_out/all"] <= report.metrics["held_out/relation"]


class _Stage:
    def __init__(self, model: Judge) -> None:
        self.model = model


def test_unknown_classes_teach_nothing(judge: Judge, shapes: DatasetDict) -> None:
    unknown = shapes["train"].select(range(4)).map(lambda row: dict.fromkeys(judge.attribute_names, -1))
    algorithm = Judging(DatasetDict({"train": unknown}), judge, JudgingConfig(batch_size=4))
    terms = algorithm.loss(collate(algorithm.supply.take(4)), torch.Generator())

    assert terms["loss"].item() == 0


def test_sees_the_pictures_in_an_order_of_its_own(judge: Judge, shapes: DatasetDict) -> None:
    assert Judging(shapes, judge, JudgingConfig(seed=0)).config.seed != 0
    seeds = {Judging(shapes, judge, JudgingConfig(seed=seed)).config.seed for seed in range(3)}
    assert len(seeds) == 3


def test_accuracy_of_a_judge_that_knows_the_answers(judge_path: Path, shapes: DatasetDict) -> None:
    report = JudgeAccuracy(JudgeAccuracyConfig(judge=judge_path))(None, shapes)

    assert report.metrics["validation/all"] == report.metrics["held_out/shape_2"] == 1
    assert report.tables["share read rightly"].rows[0] == ["all", 1.0, 1.0]


def test_accuracy_without_a_judge_says_what_to_give(shapes: DatasetDict) -> None:
    with pytest.raises(UserError, match="give the checkpoint of one as `judge`"):
        JudgeAccuracy(JudgeAccuracyConfig())(object(), shapes)


def test_conforms() -> None:
    check_algorithm(
        {"use": "glide/judging", "images": 64, "batch_size": 8},
        environment={"use": "glide/captioned_shapes", "images": 40, "validation": 12},
        model={"use": "glide/judge", "channels": [8], "features": 8},
    )
