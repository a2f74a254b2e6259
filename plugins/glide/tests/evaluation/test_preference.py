from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import DatasetDict

from framework.errors import UserError
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation.config import PreferenceConfig
from framework_glide.evaluation.preference import Preference

BASE = SamplingConfig(steps=2)


def test_less_spoilt_pictures_win(
    distinct: DatasetDict,
    judge_path: Path,
    clip_path: Path,
    denoiser: Callable[..., Any],
    paint: Callable[..., Any],
    tmp_path: Path,
) -> None:
    paint(distinct, lambda sampling: {1.0: 0.8 - sampling.clip_scale / 20, 3.0: 0.05}[sampling.scale])
    config = PreferenceConfig(samples=40, judge=judge_path, clip=clip_path, sampling=BASE, resamples=20)

    report = Preference(config)(denoiser(), distinct)

    for question in ("photorealism", "caption", "nearest", "patches"):
        scores = [report.metrics[f"{question}/{name}"] for name in ("none", "clip_10", "cfg_3")]
        assert scores == sorted(scores)
        assert sum(scores) == pytest.approx(0, abs=1e-6)
        wins = report.tables[f"share preferred in {question}"].rows
        assert wins[0][3] + wins[2][1] == pytest.approx(1)
    assert report.tables["Elo"].columns[:4] == ["guidance", "Elo, photorealism", "95%", "paper"]
    assert [row[3] for row in report.tables["Elo"].rows] == [-88.6, -73.2, 82.7]
    assert [row[6] for row in report.tables["Elo"].rows] == [-106.2, 29.3, 110.9]
    assert len(report.tables["the paper's"].rows) == 7
    assert report.save(tmp_path)


def test_settings_that_do_not_differ_are_equal(
    bare: DatasetDict, judge_path: Path, denoiser: Callable[..., Any], paint: Callable[..., Any]
) -> None:
    paint(bare, lambda _: 0.2)
    config = PreferenceConfig(
        samples=20, judge=judge_path, sampling=BASE, settings=("none", "cfg_2"), resamples=10
    )

    metrics = Preference(config)(denoiser(), bare).metrics

    assert metrics == {
        f"{question}/{name}": pytest.approx(0, abs=1e-6)
        for question in ("photorealism", "nearest", "patches")
        for name in ("none", "cfg_2")
    }


@pytest.mark.parametrize("settings", [(), ("none",), ("none", "none")])
def test_needs_two_settings(settings: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="two or more different"):
        PreferenceConfig(settings=settings)
