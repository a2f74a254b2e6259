"""Training: gradients against a plain computation, resumption, and that something is learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from torch import Tensor
from torch.nn import functional as F

from framework.errors import UserError
from framework.runs.exporting import inputs_of, write
from framework.testing import check_algorithm
from framework.testing.algorithm import train
from framework.testing.sections import build
from framework_codex.training.examples import collate

CHAINS = {"use": "codex/chains", "functions": 300, "validation": 4, "pairs": 60, "tasks_per_length": 1}
GPT = {
    "use": "codex/gpt",
    "vocab_size": 400,
    "context": 128,
    "layers": 1,
    "width": 32,
    "heads": 2,
    "precision": "float32",
}
SMALL = {"batch_tokens": 512, "micro_batch": 4, "tokens": 4096}


@pytest.mark.parametrize("name", ["language_model", "supervised", "docstrings"])
def test_a_resumed_training_equals_an_uninterrupted_one(name: str) -> None:
    check_algorithm({"use": f"codex/{name}", **SMALL}, environment=CHAINS, model=GPT)


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_stream_is_resumed_where_it_was(kind: str, tmp_path: Path) -> None:
    texts = [f"def f{i}(x):\n    return x * {i * i}\n" for i in range(4000)]
    for number in range(2):
        part = Dataset.from_dict({"text": texts[number::2]})
        path = tmp_path / f"{number}.{kind}"
        part.to_json(path) if kind == "jsonl" else part.to_parquet(path)
    environment = {"use": "codex/code", "stdlib": False, "path": str(tmp_path), "streaming": True}
    small = {**SMALL, "window": 7, "tokens": 40_000}
    check_algorithm({"use": "codex/language_model", **small}, environment=environment, model=GPT, steps=12)


def made(name: str = "language_model", **parameters: Any) -> Any:
    environment = build("environment", CHAINS)
    torch.manual_seed(0)
    model = build("model", GPT, environment)
    return build("algorithm", {"use": f"codex/{name}", **SMALL, **parameters}, environment, model)


@pytest.mark.parametrize("name", ["language_model", "supervised"])
@pytest.mark.parametrize("micro_batch", [1, 3, 64])
def test_micro_batches_give_the_gradients_of_the_whole_batch(name: str, micro_batch: int) -> None:
    algorithm = made(name, micro_batch=micro_batch)
    algorithm.manual_backward = lambda loss: loss.backward()
    loss = algorithm.accumulate()["loss"]
    algorithm.examples.supply.load_state_dict({"position": 0})
    examples = algorithm.examples.supply.take(algorithm.batch_size)
    assert len(examples) > 3
    ours = [p.grad.clone() for p in algorithm.model.parameters()]
    algorithm.model.zero_grad()
    batch = collate(examples)
    plain = F.cross_entropy(algorithm.model(batch.tokens).flatten(0, 1), batch.targets.flatten())
    plain.backward()
    assert loss == pytest.approx(plain.item(), rel=1e-5)
    for gradient, parameter in zip(ours, algorithm.model.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["language_model", "supervised"])
def test_two_processes_make_the_update_of_one_with_twice_the_batch(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gradients(world: int, rank: int) -> list[Tensor]:
        algorithm = made(name)
        for key, value in {"world_size": world, "global_rank": rank, "batch_size": 16 // world}.items():
            monkeypatch.setattr(type(algorithm), key, value)
        algorithm.manual_backward = lambda loss: loss.backward()
        algorithm.accumulate()
        return [p.grad for p in algorithm.model.parameters()]

    # DDP takes the mean over processes, whose shares of the batch differ in their tokens.
    shares = zip(gradients(2, 0), gradients(2, 1), strict=True)
    for whole, (one, other) in zip(gradients(1, 0), shares, strict=True):
        torch.testing.assert_close((one + other) / 2, whole, rtol=0, atol=1e-6)


def test_matrices_decay_and_norms_do_not() -> None:
    algorithm = made()
    decayed, kept = algorithm.configure_optimizers().param_groups
    assert decayed["weight_decay"] == 0.1 and kept["weight_decay"] == 0
    assert all(p.dim() == 2 for p in decayed["params"]) and all(p.dim() == 1 for p in kept["params"])
    count = len(decayed["params"]) + len(kept["params"])
    assert count == len(list(algorithm.model.parameters()))


def test_the_budget_is_in_tokens() -> None:
    algorithm = made(tokens=5000)
    assert algorithm.batch_size == 4
    assert algorithm.total_steps == 10
    assert algorithm.progress() == (0, 5120, "tokens")


def test_code_is_learned(tmp_path) -> None:
    settings = {"use": "codex/language_model", **SMALL, "tokens": 40_000, "lr": 1e-2, "warmup_steps": 5}
    trained = train(settings, CHAINS, GPT, tmp_path, steps=78)
    validation = trained.environment["validation"]["text"]
    tokens = torch.tensor([trained.model.tokenizer.encode("\n".join(validation))[:129]])
    before = made().model.loss(tokens[:, :-1], tokens[:, 1:]).item()
    after = trained.model.loss(tokens[:, :-1], tokens[:, 1:]).item()
    assert before > 5.5  # of ln 400 = 6
    assert after < 3


def test_an_environment_without_text_is_refused() -> None:
    environment = build("environment", CHAINS)
    model = build("model", GPT, environment)
    del environment["pairs"]
    with pytest.raises(
        UserError, match=r"Supervised learns from the split 'pairs', .* only train, validation"
    ):
        build("algorithm", "codex/supervised", environment, model)


@pytest.mark.slow
def test_it_is_exported(tmp_path: Path) -> None:
    served = made().served()
    write(served, tmp_path / "gpt.pt2")
    exported = torch.export.load(tmp_path / "gpt.pt2").module()
    _, given = inputs_of(served)
    for copies in (1, 3):
        inputs = {name: torch.cat([tensor] * copies) for name, tensor in given.items()}
        torch.testing.assert_close(exported(**inputs), served.module(**inputs))


def test_playing_continues_a_prompt() -> None:
    algorithm = made().eval()
    report = algorithm.play(algorithm.environment, prompt="def f(s):\\n", n=2, max_tokens=8)
    assert [row[0] for row in report.tables["Samples"].rows] == [0, 1]
    assert len(report.notes) == 2
    assert all(note.startswith("def f(s):\n") for note in report.notes)
