from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset, DatasetDict, IterableDataset
from torch.nn import functional as F

from framework.errors import UserError
from framework.testing import assert_same
from framework_codex.code_model import CodeModel, Scores
from framework_codex.gpt import build, load
from framework_codex.gpt.builder import sample_texts
from framework_codex.gpt.config import GPTConfig
from framework_codex.gpt.cross_entropy import cross_entropy
from framework_codex.gpt.llama import export, to_llama
from framework_codex.gpt.model import GPT
from framework_codex.gpt.tokenizer import Tokenizer

from .conftest import make

SMALL = {"vocab_size": 300, "context": 32, "layers": 1, "width": 16, "heads": 2, "whitespace_runs": 8}


def config(**given: object) -> GPTConfig:
    return GPTConfig(**{**SMALL, "precision": "float32", **given})  # type: ignore[arg-type]


class Refuses:
    """An environment that must not be looked at."""

    def __getitem__(self, split: str) -> None:
        raise AssertionError("the tokenizer was trained")


def environment() -> DatasetDict:
    return DatasetDict(
        train=Dataset.from_dict({"text": [f"def f{i}():\n    return {i}\n" for i in range(50)]})
    )


@pytest.mark.parametrize("tied", [True, False])
def test_logits_are_those_of_transformers_llama(tokenizer: Tokenizer, tied: bool) -> None:
    torch.manual_seed(0)
    shape = {"layers": 3, "width": 48, "heads": 3, "context": 64, "rope_base": 500.0, "precision": "float32"}
    model = GPT(GPTConfig(vocab_size=1000, tied=tied, **shape), tokenizer).eval()  # type: ignore[arg-type]
    tokens = torch.randint(0, len(tokenizer), (3, 64))
    with torch.no_grad():
        torch.testing.assert_close(to_llama(model)(tokens).logits, model(tokens), atol=1e-5, rtol=1e-5)


def test_exported_directory_is_the_same_model(tokenizer: Tokenizer, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = make(tokenizer)
    export(model, tmp_path)
    text = "def f(x):\n    return x  # é\n\n"
    tokens = AutoTokenizer.from_pretrained(tmp_path)(text, return_tensors="pt").input_ids
    assert tokens[0].tolist() == tokenizer.encode(text)
    with torch.no_grad():
        logits = AutoModelForCausalLM.from_pretrained(tmp_path)(tokens).logits
        torch.testing.assert_close(logits, model(tokens), atol=1e-5, rtol=1e-5)


def test_loss_and_gradients_are_those_of_plain_cross_entropy(tokenizer: Tokenizer) -> None:
    model = make(tokenizer, context=300)
    tokens = torch.randint(0, len(tokenizer), (3, 300))
    targets = torch.randint(0, len(tokenizer), (3, 300))
    targets[0, :280] = -100
    loss = model.loss(tokens, targets)
    loss.backward()
    ours = {name: p.grad for name, p in model.named_parameters()}
    model.zero_grad()
    expected = F.cross_entropy(model(tokens).flatten(0, 1), targets.flatten(), ignore_index=-100)
    expected.backward()
    torch.testing.assert_close(loss, expected)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(ours[name], parameter.grad, atol=1e-6, rtol=1e-4)
    each = F.cross_entropy(model(tokens).flatten(0, 1), targets.flatten(), reduction="none").view(3, 300)
    torch.testing.assert_close(model.loss(tokens, targets, "none"), each)
    torch.testing.assert_close(model.loss(tokens, targets, "sum"), each.sum())


def test_losses_that_are_weighted_unlike_are_refused() -> None:
    x, w = torch.randn(4, 8, requires_grad=True), torch.randn(10, 8)
    with pytest.raises(NotImplementedError, match="alike"):
        (cross_entropy(x, w, torch.arange(4)) * torch.arange(4)).sum().backward()


def test_nothing_to_learn_from_gives_zero(tokenizer: Tokenizer) -> None:
    model = make(tokenizer)
    loss = model.loss(torch.zeros(1, 8, dtype=torch.long), torch.full((1, 8), -100))
    loss.backward()
    assert loss == 0


def test_bfloat16_is_near_float32(tokenizer: Tokenizer) -> None:
    exact, rough = make(tokenizer), make(tokenizer, precision="bfloat16")
    tokens = torch.randint(0, len(tokenizer), (4, 60))
    targets = torch.randint(0, len(tokenizer), (4, 60))
    assert rough(tokens).dtype is torch.float32
    torch.testing.assert_close(rough.loss(tokens, targets), exact.loss(tokens, targets), rtol=0.02, atol=0.0)


def test_a_later_token_changes_no_earlier_logits(model: GPT) -> None:
    tokens = torch.randint(1, 900, (1, 40))
    changed = tokens.clone()
    changed[0, 30] += 1
    with torch.no_grad():
        a, b = model(tokens), model(changed)
    torch.testing.assert_close(a[:, :30], b[:, :30])
    assert not torch.allclose(a[:, 30:], b[:, 30:])


def test_state_carries_the_tokenizer_and_needs_none_of_its_own() -> None:
    torch.manual_seed(0)
    first = build(environment(), config())
    state = first.state_dict()
    assert all(isinstance(value, torch.Tensor) for value in state.values())
    second = build(Refuses(), config())
    second.load_state_dict(state)
    assert_same(second.state_dict(), state, "state")
    assert second.fingerprint() == first.fingerprint()
    assert isinstance(second, CodeModel) and isinstance(second, Scores)


def test_the_tokenizer_is_trained_once() -> None:
    looks = []

    class Counts(dict[str, object]):
        def __getitem__(self, key: str) -> object:
            looks.append(key)
            return super().__getitem__(key)

    model = build(Counts(environment()), config())
    assert looks == []
    assert model.tokenizer is model.tokenizer
    model.state_dict()
    assert looks == ["train"]


def test_a_checkpoint_is_enough(tmp_path: Path) -> None:
    model = build(environment(), config(tied=False))
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": {f"model.{k}": v for k, v in model.state_dict().items()}}, path)
    again = load(path)
    assert again.config == model.config
    assert again.fingerprint() == model.fingerprint()
    started = build(Refuses(), config(weights=path, width=64, precision="bfloat16", dropout=0.1))
    assert (started.config.width, started.config.precision, started.config.dropout) == (16, "bfloat16", 0.1)
    assert_same(started.head.weight, model.head.weight, "head")


def test_weights_that_would_mean_something_else_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(RuntimeError, match="its heads is 2, not 4"):
        make(tokenizer, heads=4).load_state_dict(make(tokenizer, heads=2).state_dict())


def test_the_fingerprint_tells_weights_apart(tokenizer: Tokenizer) -> None:
    assert make(tokenizer, seed=0).fingerprint() == make(tokenizer, seed=0, sample_batch=3).fingerprint()
    assert make(tokenizer, seed=0).fingerprint() != make(tokenizer, seed=1).fingerprint()
    assert make(tokenizer).fingerprint() != make(tokenizer, rope_base=9.0).fingerprint()


def test_a_tokenizer_file(tmp_path: Path, tokenizer: Tokenizer) -> None:
    path = tmp_path / "t.json"
    path.write_text(tokenizer.to_json(), encoding="utf-8")
    model = build(Refuses(), config(tokenizer=path))
    assert model.config.vocab_size == len(tokenizer)
    assert model.tokenizer.encode("a  b") == tokenizer.encode("a  b")


def test_training_text_is_bounded_and_from_everywhere() -> None:
    texts = [f"{i:04}" for i in range(1000)]
    some = list(sample_texts(Dataset.from_dict({"text": texts}), 400))
    assert len(some) == 100
    assert max(map(int, some)) > 900
    assert some == list(sample_texts(Dataset.from_dict({"text": texts}), 400))
    stream = IterableDataset.from_generator(lambda: ({"text": text} for text in texts))
    assert list(sample_texts(stream, 400)) == texts[:100]


def test_what_the_user_gets_to_read(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("no", encoding="utf-8")
    with pytest.raises(UserError, match="not a byte-level BPE"):
        build(Refuses(), config(tokenizer=bad))
    with pytest.raises(UserError, match="there is none"):
        _ = build({}, config()).tokenizer
    with pytest.raises(UserError, match="heads of even width"):
        GPTConfig(width=32, heads=5)


class Bomb:
    """An object whose unpickling runs code."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_code_in_a_strangers_checkpoint_is_not_run(tmp_path: Path, tokenizer: Tokenizer) -> None:
    state = {f"model.{name}": value for name, value in make(tokenizer).state_dict().items()}
    for number, saved in enumerate(
        [{"state_dict": state, "hyper": Bomb(tmp_path / "ran")}, {"state_dict": Bomb(tmp_path / "ran")}]
    ):
        torch.save(saved, tmp_path / f"{number}.ckpt")
        with pytest.raises(UserError, match=r"weights: .*no code of it was run"):
            load(tmp_path / f"{number}.ckpt")
    plain = tmp_path / "plain.ckpt"
    plain.write_bytes(pickle.dumps({"state_dict": Bomb(tmp_path / "ran")}))
    with pytest.raises(UserError, match="weights: "):
        load(plain)
    assert not (tmp_path / "ran").exists()


def extra(text: str) -> dict[str, Any]:
    return {"model._extra_state": torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)}


@pytest.mark.parametrize(
    "saved",
    [
        b"no", b"", b"PK\x03\x04", {"a": 1}, torch.ones(3), {"state_dict": torch.ones(3)}, {"state_dict": {}},
        {"state_dict": {"model.head.weight": torch.ones(3)}}, {"state_dict": {"model._extra_state": "text"}},
        {"state_dict": {"model._extra_state": torch.ones(3)}}, {"state_dict": extra("[1]")},
        {"state_dict": extra("{")}, {"state_dict": extra('{"config": {"width": "wide"}, "tokenizer": "{}"}')},
        {"state_dict": extra('{"config": {"width": 32, "heads": 5}, "tokenizer": "{}"}')},
        {"state_dict": extra('{"config": {"width": 16, "layers": 1}, "tokenizer": "{}"}')},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_is_no_checkpoint_of_a_gpt_is_named(tmp_path: Path, saved: Any) -> None:
    path = tmp_path / "x.ckpt"
    if isinstance(saved, bytes):
        path.write_bytes(saved)
    else:
        torch.save(saved, path)
    with pytest.raises(UserError, match=r"x\.ckpt|codex/gpt"):
        load(path)
