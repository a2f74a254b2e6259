from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import DatasetDict

from framework.contracts import KeepsWork, Monitor
from framework.errors import UserError
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation.bench import seeds_of
from framework_glide.evaluation.config import GuidanceSweepConfig, SampleQualityConfig
from framework_glide.evaluation.guidance_sweep import GuidanceSweep
from framework_glide.evaluation.sample_quality import SampleQuality

FEW = SamplingConfig(steps=2, scale=2.0, batch_size=5)


def test_the_real_pictures_are_perfect(
    distinct: DatasetDict, judge_path: Path, denoiser: Callable[..., Any], paint: Callable[..., Any]
) -> None:
    paint(distinct)
    samples = len(distinct["validation"])
    config = SampleQualityConfig(samples=samples, judge=judge_path, sampling=FEW)

    metrics = SampleQuality(config)(denoiser(), distinct).metrics

    assert metrics["frechet"] == pytest.approx(0, abs=1e-6)
    assert metrics["precision"] == metrics["recall"] == 1
    assert metrics["accuracy"] == metrics["attribute_mean"] == metrics["accuracy/shape_1"] == 1


def test_spoilt_pictures_are_worse(
    distinct: DatasetDict, judge_path: Path, denoiser: Callable[..., Any], paint: Callable[..., Any]
) -> None:
    paint(distinct, lambda _: 0.5)
    config = SampleQualityConfig(samples=30, judge=judge_path, sampling=FEW)

    report = SampleQuality(config)(denoiser(), distinct)

    assert report.metrics["accuracy"] < 0.9
    assert report.metrics["frechet"] > report.metrics["frechet_of_real"]
    assert report.metrics["precision"] < 0.9
    assert [row[0] for row in report.tables["quality"].rows] == ["sampled", "real, from train"]
    assert report.tables["quality"].rows[1][-2:] == [1.0, 1.0]


def test_samples_of_a_model_are_measured_kept_and_shared(
    shapes: DatasetDict,
    judge_path: Path,
    clip_path: Path,
    denoiser: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluator = SampleQuality(
        SampleQualityConfig(samples=12, judge=judge_path, clip=clip_path, sampling=FEW, examples=4)
    )
    evaluator.folder = tmp_path / "work"
    first = evaluator(denoiser(), shapes)
    assert isinstance(evaluator, KeepsWork)
    assert -1 <= first.metrics["similarity"] <= 1
    assert all(np.isfinite(value) for value in first.metrics.values())
    assert first.save(tmp_path / "report")
    assert len(list(evaluator.folder.rglob("*.npz"))) == 3

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the pictures are there already")

    monkeypatch.setattr("framework_glide.evaluation.bench.generate", refuse)
    assert evaluator(denoiser(), shapes).metrics == first.metrics
    with pytest.raises(AssertionError, match="there already"):
        evaluator(denoiser(seed=3), shapes)
    # Classifier-free guidance of the same scale in the sweep is the same setting.
    monkeypatch.undo()
    sweep = GuidanceSweep(GuidanceSweepConfig(samples=12, judge=judge_path, sampling=FEW, scales=(2.0,)))
    sweep.folder = evaluator.folder
    report = sweep(denoiser(), shapes)
    assert len(list(evaluator.folder.rglob("*.npz"))) == 6
    assert report.metrics["frechet/cfg_2"] == first.metrics["frechet"]


def test_watches_the_training(shapes: DatasetDict, judge_path: Path, denoiser: Callable[..., Any]) -> None:
    config = SampleQualityConfig(judge=judge_path, sampling=FEW, every=100, every_samples=8, every_steps=2)
    evaluator = SampleQuality(config)

    metrics = evaluator.monitor(denoiser(), shapes)

    assert isinstance(evaluator, Monitor) and evaluator.every == 100
    assert metrics["samples"] == 8
    assert metrics["frechet"] > 0 and 0 <= metrics["accuracy"] <= 1
    evaluator.load_state_dict(evaluator.state_dict())


def test_without_attributes_there_is_no_accuracy(
    bare: DatasetDict, judge_path: Path, denoiser: Callable[..., Any]
) -> None:
    report = SampleQuality(SampleQualityConfig(samples=6, judge=judge_path, sampling=FEW))(denoiser(), bare)

    assert "frechet" in report.metrics and "accuracy" not in report.metrics
    assert "attribute accuracy" not in report.tables["quality"].columns


def test_without_a_judge_distances_are_between_embeddings_of_the_clip(
    bare: DatasetDict, denoiser: Callable[..., Any], clip_path: Path
) -> None:
    config = SampleQualityConfig(samples=6, sampling=FEW, clip=clip_path)
    report = SampleQuality(config)(denoiser(), bare)

    assert {"frechet", "precision", "recall", "similarity"} <= set(report.metrics)
    # Two unit vectors are at most 2 apart.
    assert 0 < report.metrics["frechet_of_real"] < report.metrics["frechet"] < 4
    assert report.tables["quality"].columns[1] == "Fréchet distance"


def test_with_neither_there_are_the_pictures_alone(bare: DatasetDict, denoiser: Callable[..., Any]) -> None:
    report = SampleQuality(SampleQualityConfig(samples=6, sampling=FEW))(denoiser(), bare)

    assert set(report.metrics) == {"samples"}
    assert "need a judge or a CLIP, and at least 4" in report.notes[0]
    assert "samples" in report.images


def test_few_real_pictures_have_no_distances(
    shapes: DatasetDict, judge_path: Path, denoiser: Callable[..., Any]
) -> None:
    few = DatasetDict({name: split.select(range(3)) for name, split in shapes.items()})
    report = SampleQuality(SampleQualityConfig(samples=6, judge=judge_path, sampling=FEW))(denoiser(), few)

    assert {"accuracy", "attribute_mean"} <= set(report.metrics) and "frechet" not in report.metrics
    with pytest.raises(UserError, match="at least 4 real pictures, and there are 3"):
        GuidanceSweep(GuidanceSweepConfig(samples=6, judge=judge_path, sampling=FEW))(denoiser(), few)


def test_more_samples_than_captions_come_from_other_noise(
    shapes: DatasetDict, judge_path: Path, denoiser: Callable[..., Any], paint: Callable[..., Any]
) -> None:
    painter = paint(shapes, lambda _: 0.1)
    config = SampleQualityConfig(samples=100, judge=judge_path, sampling=FEW)

    assert SampleQuality(config)(denoiser(), shapes).metrics["samples"] == 100
    assert painter.asked == 100


def test_a_judge_of_other_attributes_is_refused(
    shapes: DatasetDict, judge_path: Path, denoiser: Callable[..., Any]
) -> None:
    other = DatasetDict({name: split.remove_columns("relation") for name, split in shapes.items()})

    with pytest.raises(UserError, match="the judge reads relation, shape_1"):
        SampleQuality(SampleQualityConfig(samples=6, judge=judge_path, sampling=FEW))(denoiser(), other)


def test_an_unknown_split_is_named(shapes: DatasetDict, denoiser: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="no split 'test', only train, validation, held_out"):
        SampleQuality(SampleQualityConfig(split="test"))(denoiser(), shapes)


def test_seeds_do_not_depend_on_how_many_there_are() -> None:
    assert seeds_of(0, 100)[:10] == seeds_of(0, 10)
    assert len(set(seeds_of(0, 1000))) == 1000
    assert seeds_of(0, 5) != seeds_of(1, 5)
    assert max(seeds_of(0, 1000)) < 2**63
