from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import DatasetDict

from framework.errors import UserError
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation.config import GuidanceSweepConfig
from framework_glide.evaluation.figures import pareto
from framework_glide.evaluation.guidance_sweep import GuidanceSweep, summary
from framework_glide.evaluation.settings import setting_of

BASE = SamplingConfig(steps=2, batch_size=8)


def _spoilt(sampling: SamplingConfig) -> float:
    """Guidance helps, and CLIP guidance only as long as it is not extreme."""
    by_clip = {0.0: 0.4, 10.0: 0.1, 100.0: 0.6}[sampling.clip_scale]
    return min(by_clip, {1.0: 0.4, 2.0: 0.1, 4.0: 0.0}[sampling.scale]) if sampling.scale > 1 else by_clip


def test_measures_every_setting_and_sums_up(
    distinct: DatasetDict,
    judge_path: Path,
    clip_path: Path,
    denoiser: Callable[..., Any],
    paint: Callable[..., Any],
    tmp_path: Path,
) -> None:
    paint(distinct, _spoilt)
    config = GuidanceSweepConfig(
        samples=40,
        judge=judge_path,
        clip=clip_path,
        sampling=BASE,
        scales=(2.0, 4.0),
        clip_scales=(10.0, 100.0),
    )

    report = GuidanceSweep(config)(denoiser(), distinct)

    metrics = report.metrics
    assert metrics["accuracy/cfg_4"] == 1
    assert metrics["cfg/best_scale"] == 4
    assert metrics["cfg/accuracy_gain"] == 1 - metrics["accuracy/none"] > 0.25
    assert metrics["cfg/frechet_ratio"] == metrics["frechet/cfg_4"] / metrics["frechet/none"] < 0.6
    assert metrics["clip/best_scale"] == 10
    assert (
        metrics["clip/accuracy_drop_at_extreme"] == metrics["accuracy/clip_10"] - metrics["accuracy/clip_100"]
    )
    assert "own_score_rise_at_extreme" in str(list(metrics))
    assert metrics["cfg_over_clip"] == metrics["accuracy/cfg_4"] - metrics["accuracy/clip_10"]
    rows = {row[0]: row for row in report.tables["settings"].rows}
    assert list(rows) == [
        "no guidance",
        "classifier-free guidance, scale 2",
        "classifier-free guidance, scale 4",
        "CLIP guidance, scale 10",
        "CLIP guidance, scale 100",
    ]
    assert "Fréchet distance and attribute accuracy" in rows["classifier-free guidance, scale 4"][-1]
    assert rows["CLIP guidance, scale 100"][-1].count("accuracy") == 0
    assert set(report.figures) == {"fronts", "the guiding CLIP and the judge", "pictures"}
    assert report.save(tmp_path)


def test_without_a_clip_or_attributes_there_is_less(
    bare: DatasetDict, judge_path: Path, denoiser: Callable[..., Any]
) -> None:
    config = GuidanceSweepConfig(samples=8, judge=judge_path, sampling=BASE, scales=(3.0,))

    report = GuidanceSweep(config)(denoiser(), bare)

    assert {"frechet/none", "frechet/cfg_3", "cfg/frechet_ratio"} <= set(report.metrics)
    assert not any("accuracy" in name or "clip" in name for name in report.metrics)
    assert all(np.isfinite(value) for value in report.metrics.values())


def test_clip_guidance_of_a_model(
    shapes: DatasetDict, judge_path: Path, clip_path: Path, denoiser: Callable[..., Any]
) -> None:
    config = GuidanceSweepConfig(
        samples=6, judge=judge_path, clip=clip_path, sampling=BASE, scales=(), clip_scales=(30.0,)
    )

    metrics = GuidanceSweep(config)(denoiser(), shapes).metrics

    assert metrics["similarity/clip_30"] != metrics["similarity/none"]


def test_needs_a_judge(shapes: DatasetDict, denoiser: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="glide/guidance_sweep needs a judge"):
        GuidanceSweep(GuidanceSweepConfig(samples=4, sampling=BASE))(denoiser(), shapes)


def test_summary_of_known_numbers() -> None:
    names = ["none", "cfg_2", "cfg_4", "cfg_8"]
    columns = {
        "frechet": [200.0, 100.0, 80.0, 120.0],
        "frechet_limit": [160.0, 60.0, 40.0, 80.0],
        "accuracy": [0.3, 0.6, 0.9, 0.85],
        "precision": [0.2, 0.6, 0.5, 0.4],
        "recall": [0.9, 0.8, 0.7, 0.5],
    }
    values = {name: {key: column[i] for key, column in columns.items()} for i, name in enumerate(names)}

    found = summary([setting_of(name, BASE) for name in names], values)

    assert found == {
        "cfg/best_scale": 4.0,
        "cfg/frechet_ratio": 0.4,
        "cfg/lowest_frechet_ratio": 0.4,
        "cfg/lowest_frechet_limit_ratio": 0.25,
        "cfg/precision_gain": pytest.approx(0.4),
        "cfg/recall_change": pytest.approx(-0.1),
        "cfg/recall_change_at_extreme": pytest.approx(-0.4),
        "cfg/accuracy_gain": pytest.approx(0.6),
        "cfg/accuracy_drop_at_extreme": pytest.approx(0.05),
    }


def test_pareto_agrees_with_its_definition() -> None:
    points = np.random.default_rng(0).integers(0, 5, size=(30, 2)).astype(float)
    expected = [
        not any((other >= point).all() and (other > point).any() for other in points) for point in points
    ]

    assert pareto(points).tolist() == expected


@pytest.mark.parametrize("name", ["cfg", "cfg_x", "clip_", "three", "none_1"])
def test_settings_that_are_none_are_named(name: str) -> None:
    with pytest.raises(UserError, match=r"is not `none`, `cfg_<scale>`"):
        setting_of(name, BASE)
