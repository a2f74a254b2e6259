from __future__ import annotations

import pytest
import torch

from framework_codex.code_model import Request, Sampling
from framework_codex.gpt.model import GPT
from framework_codex.gpt.tokenizer import Tokenizer

from .conftest import make

PAIRS = [("def f(x):\n", "    return x\n"), ("", "a"), ("x = 1\n", ""), ("a\n" * 10, "b = 2\nc = 3\n")]


def plain(model: GPT, head: list[int], tail: list[int]) -> float:
    with torch.no_grad():
        logp = model(torch.tensor([[*head, *tail]]))[0].log_softmax(-1)
    return float(sum(logp[len(head) + i - 1, token] for i, token in enumerate(tail)))


def test_equals_forward(model: GPT) -> None:
    for (prompt, text), found in zip(PAIRS, model.likelihood(PAIRS), strict=True):
        head, tail = model.tokenizer.split(prompt, text)
        assert found.tokens == len(tail)
        assert found.logprob == pytest.approx(plain(model, head, tail), abs=1e-4)


def test_an_open_end_is_given_and_not_counted(model: GPT) -> None:
    prompt, text = "def f(x):\n    ret", "urn x"
    (found,) = model.likelihood([(prompt, text)])
    head, tail = model.tokenizer.split(prompt, text)
    left, correction = model.tokenizer.open_end(prompt).encode(), 0.0
    seen = list(head)
    for token in tail:
        if not left:
            break
        with torch.no_grad():
            logp = model(torch.tensor([seen]))[0, -1].log_softmax(-1)
        table = model.tokenizer.bytes_of
        allowed = [i for i, t in enumerate(table) if t and (t.startswith(left) or left.startswith(t))]
        correction += float(logp[allowed].logsumexp(0))
        left = left[len(table[token]) :]
        seen.append(token)
    assert found.logprob == pytest.approx(plain(model, head, tail) - correction, abs=1e-4)


def test_is_what_sampling_reports(model: GPT) -> None:
    """Where a sample's tokens are those of its text, both agree."""
    agree = 0
    for prompt in ("def f(x):\n", "def f(x):\n    ret"):
        wanted = [Request("a", i, prompt) for i in range(60)]
        samples = [made for _, made in model.sample(wanted, Sampling(max_tokens=4, stop=(), temperature=1.0))]
        likelihoods = model.likelihood([(prompt, made.text) for made in samples])
        for made, found in zip(samples, likelihoods, strict=True):
            if found.tokens == made.tokens:
                agree += found.logprob == pytest.approx(made.logprob, abs=1e-3)
    assert agree >= 15


def test_text_longer_than_the_context(tokenizer: Tokenizer) -> None:
    model = make(tokenizer, context=32)
    prompt, text = "a = 1\n" * 20, "b = 2\n"
    head, tail = tokenizer.split(prompt, text)
    (found,) = model.likelihood([(prompt, text)])
    kept = [*head, *tail][-33:]
    assert found.logprob == pytest.approx(plain_within(model, kept, len(tail)), abs=1e-4)
    (long,) = model.likelihood([("", "x = y + 1\n" * 40)])
    assert long.tokens > 200
    assert -20 * long.tokens < long.logprob < 0


def plain_within(model: GPT, tokens: list[int], scored: int) -> float:
    with torch.no_grad():
        logp = model(torch.tensor([tokens[:-1]]))[0].log_softmax(-1)
    targets = tokens[1:]
    first = len(targets) - scored
    return float(sum(logp[i, targets[i]] for i in range(first, len(targets))))


def test_padding_changes_nothing(model: GPT) -> None:
    pairs = [("x\n", "y" * n) for n in range(1, 60, 7)]
    together = model.likelihood(pairs)
    for pair, found in zip(pairs, together, strict=True):
        assert model.likelihood([pair])[0].logprob == pytest.approx(found.logprob, abs=1e-4)
