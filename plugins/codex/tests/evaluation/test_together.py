"""A small untrained model, real chains, the real judge: everything fits together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from framework.component import Component
from framework.testing import assert_same
from framework_codex.evaluation import config as configs
from framework_codex.evaluation.ranking import Ranking
from framework_codex.execution.verdict import JudgeConfig
from framework_codex.gpt.builder import build
from framework_codex.gpt.config import GPTConfig
from framework_codex.problems.chains import make_chains
from framework_codex.problems.config import ChainsConfig


@pytest.fixture(scope="module")
def chains() -> Any:
    return make_chains(
        ChainsConfig(functions=50, validation=5, pairs=5, test_lengths=(1, 2), tasks_per_length=3)
    )


@pytest.fixture(scope="module")
def model(chains: Any) -> Any:
    torch.manual_seed(0)
    return build(chains, GPTConfig(vocab_size=400, context=128, layers=1, width=16, heads=2)).eval()


@pytest.fixture
def checkpoint(model: Any, tmp_path: Path) -> Path:
    path = tmp_path / "describer.ckpt"
    torch.save({"state_dict": {f"model.{name}": value for name, value in model.state_dict().items()}}, path)
    return path


@pytest.mark.sandbox
def test_a_report_is_whole_and_does_not_depend_on_what_was_kept(
    model: Any, chains: Any, checkpoint: Path, tmp_path: Path
) -> None:
    config = configs.RankingConfig(
        n=3, max_tokens=6, seed=5, judge=JudgeConfig(workers=1), describer=checkpoint
    )
    reports = []
    for folder in (tmp_path / "work", tmp_path / "work", None):
        evaluator = Ranking(config)
        evaluator.folder = folder
        reports.append(evaluator(model, chains))
        reports[-1].save(tmp_path / "report")
    assert "back_translation_gain" in reports[0].metrics
    assert json.loads((tmp_path / "report" / "report.json").read_text())["metrics"]
    assert_same(reports[1].to_dict(), reports[0].to_dict())
    assert_same(reports[2].to_dict(), reports[0].to_dict())


def test_every_parameter_is_described() -> None:
    made = [value for name, value in vars(configs).items() if name.endswith("Config")]
    assert len(made) > 10
    for parameters in made:
        for parameter in Component("it", "x:y", parameters=parameters).signature.values():
            assert parameter.param.doc, f"{parameters.__name__}.{parameter.name}"
