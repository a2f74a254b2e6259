"""A small untrained model, real chains, the real judge: everything fits together."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from framework.component import Component
from framework.testing import assert_same
from framework_codex.evaluation import config as configs
from framework_codex.evaluation.bleu_overlap import BleuOverlap
from framework_codex.evaluation.chain_length import ChainLength
from framework_codex.evaluation.docstrings import Docstrings
from framework_codex.evaluation.pass_at_k import PassAtK
from framework_codex.evaluation.ranking import Ranking
from framework_codex.evaluation.variable_binding import VariableBinding
from framework_codex.execution.verdict import JudgeConfig
from framework_codex.gpt.builder import build
from framework_codex.gpt.config import GPTConfig
from framework_codex.problems.chains import make_chains
from framework_codex.problems.config import ChainsConfig

SMALL = {"n": 3, "max_tokens": 6, "seed": 5}
JUDGED = {**SMALL, "judge": JudgeConfig(workers=1)}


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


def make(name: str, checkpoint: Path) -> Any:
    match name:
        case "pass_at_k":
            return PassAtK(configs.PassAtKConfig(**JUDGED, k=(1, 3), temperatures=(0.2, 0.8)))
        case "chain_length":
            return ChainLength(configs.ChainLengthConfig(**JUDGED, k=(3,)))
        case "ranking":
            return Ranking(configs.RankingConfig(**JUDGED, describer=checkpoint))
        case "bleu_overlap":
            return BleuOverlap(configs.BleuOverlapConfig(**JUDGED))
        case "variable_binding":
            return VariableBinding(configs.VariableBindingConfig(**JUDGED, problems=1, operations=(0, 1)))
    return Docstrings(configs.DocstringsConfig(**SMALL, k=(1, 3)))


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
@pytest.mark.parametrize(
    "name", ["pass_at_k", "chain_length", "ranking", "bleu_overlap", "variable_binding", "docstrings"]
)
def test_reports_are_whole_and_repeat_themselves(
    name: str, model: Any, chains: Any, checkpoint: Path, tmp_path: Path
) -> None:
    kept = make(name, checkpoint)
    kept.folder = tmp_path / "work"
    first = kept(model, chains)
    assert first.metrics
    assert all(math.isfinite(value) for value in first.metrics.values())
    first.save(tmp_path / "report")
    json.loads((tmp_path / "report" / "report.json").read_text())
    assert_same(make(name, checkpoint)(model, chains).to_dict(), first.to_dict())


def test_every_parameter_is_described() -> None:
    made = [value for name, value in vars(configs).items() if name.endswith("Config")]
    assert len(made) > 10
    for parameters in made:
        for parameter in Component("it", "x:y", parameters=parameters).signature.values():
            assert parameter.param.doc, f"{parameters.__name__}.{parameter.name}"
