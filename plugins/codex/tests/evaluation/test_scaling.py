from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset, DatasetDict

from framework.errors import UserError
from framework.report import Report
from framework_codex.evaluation.by_size import LOSS, BySize
from framework_codex.evaluation.config import BySizeConfig, ScalingConfig
from framework_codex.evaluation.held_out import held_out_loss, held_out_texts
from framework_codex.evaluation.scaling import Scaling, non_embedding_parameters
from framework_codex.gpt.config import GPTConfig
from framework_codex.gpt.model import GPT
from framework_codex.gpt.tokenizer import Tokenizer

TEXTS = [f"def f_{i}(x):\n    return x + {i}\n" * (1 + i % 3) for i in range(20)]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(TEXTS, 300)


def make_model(tokenizer: Tokenizer, layers: int = 1, width: int = 16, **changes: Any) -> GPT:
    torch.manual_seed(layers)
    config = GPTConfig(
        vocab_size=len(tokenizer),
        context=12,
        layers=layers,
        width=width,
        heads=2,
        precision="float32",
        **changes,
    )
    return GPT(config, tokenizer).eval()


def save(model: GPT, path: Path) -> Path:
    torch.save({"state_dict": {f"model.{name}": value for name, value in model.state_dict().items()}}, path)
    return path


def test_every_token_is_predicted_once_with_what_fits_before_it(tokenizer: Tokenizer) -> None:
    model = make_model(tokenizer)
    tokens = [tokenizer.end]
    for text in TEXTS:
        tokens += [*tokenizer.encode(text), tokenizer.end]
    expected = 0.0
    for start in range(0, len(tokens) - 1, 12):
        row = torch.tensor(tokens[start : start + 13])
        logs = model(row[None, :-1])[0].log_softmax(-1)
        expected -= logs.gather(1, row[1:, None]).sum().item()
    for batch_size in (1, 4, 1000):
        found = held_out_loss(model, TEXTS, batch_size)
        assert found.nats == pytest.approx(expected, rel=1e-5)
        assert found.tokens == len(tokens) - 1
        assert found.per_token == pytest.approx(expected / (len(tokens) - 1), rel=1e-5)
        assert found.per_byte == pytest.approx(expected / len("".join(TEXTS)), rel=1e-5)


@pytest.mark.parametrize("tied", [True, False])
def test_embeddings_are_not_counted(tokenizer: Tokenizer, tied: bool) -> None:
    model = make_model(tokenizer, layers=3, width=32, tied=tied)
    embeddings = len(tokenizer) * 32 * (1 if tied else 2)
    assert non_embedding_parameters(model) == sum(p.numel() for p in model.parameters()) - embeddings


def test_sizes_are_compared_and_fitted(tokenizer: Tokenizer, tmp_path: Path) -> None:
    paths = tuple(
        save(make_model(tokenizer, layers), tmp_path / f"{layers}.ckpt") for layers in (5, 1, 2, 3, 4)
    )
    environment = {"validation": [{"text": text} for text in TEXTS]}
    report = Scaling(ScalingConfig(models=paths))(None, environment)
    rows = report.tables["loss by size"].rows
    assert [row[1] for row in rows] == [f"{layers} x 16" for layers in (1, 2, 3, 4, 5)]
    assert rows[0][2] == pytest.approx(held_out_loss(make_model(tokenizer, 1), TEXTS, 8).per_token)
    assert all(row[2] == pytest.approx(math.log(len(tokenizer)), rel=0.1) for row in rows)
    assert {"alpha", "scale", "r2", "alpha_per_byte", "floor", "floor_alpha", "floor_r2"} == set(
        report.metrics
    )
    report.save(tmp_path / "report")


def test_too_few_sizes_are_refused(tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least three models, not 2"):
        Scaling(ScalingConfig(models=(tmp_path / "a", tmp_path / "b")))
    same = save(make_model(tokenizer), tmp_path / "same.ckpt")
    with pytest.raises(UserError, match="three different sizes"):
        Scaling(ScalingConfig(models=(same, same, same)))(None, {"validation": [{"text": "x = 1\n"}]})
    with pytest.raises(UserError, match="is not a checkpoint that can be read"):
        Scaling(ScalingConfig(models=(tmp_path / "no",) * 3))(None, {"validation": [{"text": "x = 1\n"}]})


def test_validation_text_is_needed() -> None:
    with pytest.raises(UserError, match="no split 'validation', only train"):
        held_out_texts({"train": []}, 0)
    with pytest.raises(UserError, match="has no text"):
        held_out_texts({"validation": [{"text": ""}]}, 0)
    assert held_out_texts({"validation": iter([{"text": "a"}, {"text": "b"}])}, 1) == ["a"]


class Width:
    """Finds how wide a model is."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.folders: list[Path | None] = []

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        self.folders.append(self.folder)
        width = float(algorithm.config.width)
        metrics = {"width": width, "width_low": width - 1, "width_high": width + 1, "other": 0.0}
        return Report(metrics, notes=["so wide"])


@pytest.fixture(scope="module")
def paths(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    return [save(make_model(tokenizer, width=width), folder / f"{width}.ckpt") for width in (32, 16)]


def test_metrics_come_by_series_and_size(paths: list[Path], tokenizer: Tokenizer, tmp_path: Path) -> None:
    evaluator = Width()
    config = BySizeConfig(
        models={"fresh": tuple(paths), "again": (paths[0],)}, evaluator=evaluator, metrics=("width",)
    )
    by_size = BySize(config)
    by_size.folder = tmp_path
    environment = DatasetDict({"validation": Dataset.from_dict({"text": TEXTS})})
    report = by_size(None, environment)
    assert evaluator.folders == [tmp_path] * 3
    table = report.tables["by size"]
    assert table.columns[3:] == ["width", "95% from", "95% to", LOSS]
    assert [row[0] for row in table.rows] == ["fresh", "fresh", "again"]
    assert [row[3:6] for row in table.rows] == [[16, 15, 17], [32, 31, 33], [32, 31, 33]]
    small, large = (row[1] for row in table.rows[:2])
    assert small < large and report.metrics[f"fresh/{small}/width"] == 16
    expected = held_out_loss(make_model(tokenizer, width=16), TEXTS, 32).per_byte
    assert report.metrics[f"fresh/{small}/loss_per_byte"] == pytest.approx(expected, rel=1e-6)
    assert report.notes == ["so wide"] and len(report.figures["by size"].axes) == 2
    report.save(tmp_path / "report")


def test_without_text_there_is_no_loss(paths: list[Path]) -> None:
    report = BySize(BySizeConfig(models={"all": tuple(paths)}, evaluator=Width()))(None, None)
    assert report.tables["by size"].columns[3:] == ["width", "95% from", "95% to", "other"]


def test_wrong_requests_are_refused(paths: list[Path]) -> None:
    with pytest.raises(UserError, match="at least two models"):
        BySize(BySizeConfig(models={"all": (paths[0],)}, evaluator=Width()))
    config = BySizeConfig(models={"all": tuple(paths)}, evaluator=Width(), metrics=("widht",))
    with pytest.raises(UserError, match=r"(?s)finds no 'widht'.*width"):
        BySize(config)(None, None)
