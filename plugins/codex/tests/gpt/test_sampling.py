from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from framework_codex.code_model import Completion, Request, Sampling
from framework_codex.gpt.model import GPT
from framework_codex.gpt.tokenizer import Tokenizer

from .conftest import make

PROMPTS = ["def f(x):\n", "", "class A:\n    def g(self):\n", "x = 1\n" * 3]
FREE = Sampling(max_tokens=20, stop=(), temperature=1.0)


def requests(n: int, prompts: list[str] = PROMPTS) -> list[Request]:
    return [Request(f"t{i % len(prompts)}", i, prompts[i % len(prompts)], seed=5) for i in range(n)]


def run(model: GPT, wanted: list[Request], sampling: Sampling) -> list[Completion]:
    found = dict(model.sample(wanted, sampling))
    assert sorted(found) == list(range(len(wanted)))
    return [found[i] for i in range(len(wanted))]


def greedy(model: GPT, prompt: str, limit: int) -> list[int]:
    """Oracle: the whole text through `forward` for every token."""
    tokens = model.tokenizer.head(prompt)
    first = len(tokens)
    while (len(tokens) - first < limit and tokens[-1] != model.tokenizer.end) or len(tokens) == first:
        with torch.no_grad():
            tokens.append(int(model(torch.tensor([tokens]))[0, -1].argmax()))
    return tokens[first:]


@pytest.mark.parametrize("copies", [1, 12])  # with 12 the prompts are shared
def test_greedy_equals_full_recomputation(model: GPT, copies: int) -> None:
    wanted = [Request(f"{i}", i, prompt) for i, prompt in enumerate(PROMPTS * copies)]
    found = run(model, wanted, replace(FREE, temperature=0))
    expected = {prompt: greedy(model, prompt, 20) for prompt in PROMPTS}
    for request, completion in zip(wanted, found, strict=True):
        tokens = expected[request.prompt]
        assert completion.text == model.tokenizer.decode(tokens)
        assert completion.tokens == len(tokens)


@pytest.mark.parametrize("batch", [1, 3, 16, 100])
def test_samples_do_not_depend_on_batch_size_or_order(tokenizer: Tokenizer, batch: int) -> None:
    wanted = requests(24)
    expected = run(make(tokenizer, sample_batch=7), wanted, FREE)
    model = make(tokenizer, sample_batch=batch)
    found = run(model, wanted[::-1], FREE)[::-1]
    assert [made.text for made in found] == [made.text for made in expected]
    for a, b in zip(found, expected, strict=True):
        assert a.logprob == pytest.approx(b.logprob, abs=1e-3)
    alone = run(model, wanted[:12], FREE)
    assert [made.text for made in alone] == [made.text for made in expected[:12]]
    assert len({made.text for made in expected}) > 20


def test_seed_task_and_index_make_the_sample(model: GPT) -> None:
    one = Request("a", 0, "x\n", seed=1)
    others = [replace(one, seed=2), replace(one, index=1), replace(one, task_id="b"), one]
    texts = [made.text for made in run(model, [one, *others], FREE)]
    assert texts[0] == texts[4]
    assert len(set(texts)) == 4


def test_logprob_is_the_models(model: GPT) -> None:
    wanted = requests(20)
    for request, made in zip(wanted, run(model, wanted, replace(FREE, temperature=0.7)), strict=True):
        if made.finish == "end" or "\ufffd" in made.text:
            continue
        head = model.tokenizer.head(request.prompt)
        # The drawn tokens may not be those of the text; where they are, forward tells.
        tail = model.tokenizer.encode(made.text)
        if len(tail) != made.tokens:
            continue
        with torch.no_grad():
            logp = model(torch.tensor([[*head, *tail]]))[0].log_softmax(-1)
        expected = logp[range(len(head) - 1, len(head) + len(tail) - 1), tail].sum()
        if made.logprob == pytest.approx(float(expected), abs=1e-3):
            return
    pytest.fail("no sample had the log-probability of its text")


@pytest.mark.parametrize("stop", [("e",), ("\n", "  "), ("(", "self", "re"), ("th", "in", "or", ".")])
def test_stop_sequences_cut_what_is_drawn_without(model: GPT, stop: tuple[str, ...]) -> None:
    wanted = requests(40)
    free = run(model, wanted, FREE)
    stopped = run(model, wanted, replace(FREE, stop=stop))
    for a, b in zip(free, stopped, strict=True):
        places = [place for text in stop if (place := a.text.find(text)) >= 0]
        if places:
            assert b.text == a.text[: min(places)]
            assert b.finish == "stop"
            assert b.tokens <= a.tokens
        else:
            assert (b.text, b.finish, b.tokens) == (a.text, a.finish, a.tokens)
    assert any(made.finish == "stop" for made in stopped)


def test_every_finish(tokenizer: Tokenizer) -> None:
    model = make(tokenizer)
    with torch.no_grad():
        model.embedding.weight[tokenizer.end] *= 25  # the end is no longer rare
    finished = {made.finish: made for made in run(model, requests(100), replace(FREE, stop=("th",)))}
    assert set(finished) == {"stop", "length", "end"}
    assert finished["length"].tokens == 20
    assert all(made.logprob < 0 and math.isfinite(made.logprob) for made in finished.values())


def test_the_context_ends_a_completion(model: GPT) -> None:
    wanted = [Request("a", i, "x = 1\n" * 8) for i in range(12)]
    head = len(model.tokenizer.head(wanted[0].prompt))
    for made in run(model, wanted, Sampling(max_tokens=500, stop=(), temperature=1.0)):
        assert made.finish == "end" or made.tokens == model.config.context - head + 1


def test_a_long_prompt_keeps_its_end(model: GPT) -> None:
    end = "def f(x):\n"
    sampling = replace(FREE, temperature=0, max_tokens=8)
    long = "\n".join(f"a{i}" for i in range(400)) + "\n" + end
    tokens = model.tokenizer.head(long)[-(64 - 8) :]
    with torch.no_grad():
        first = int(model(torch.tensor([tokens]))[0, -1].argmax())
    (made,) = run(model, [Request("a", 0, long)], sampling)
    assert made.tokens == 8 or made.finish == "end"
    assert made.text.startswith(model.tokenizer.decode([first]).replace("\ufffd", ""))


@pytest.mark.parametrize("prompt", ["def f(x):\n  ", "def f(x):\n    ret", "print(", "a = b   ", "é"])
@pytest.mark.parametrize("copies", [3, 10])
def test_an_open_end_is_continued_as_in_training(model: GPT, prompt: str, copies: int) -> None:
    """The drawn tokens spell the open end and then the completion, in their most natural cut."""
    wanted = [Request("a", i, prompt) for i in range(copies)]
    for made in run(model, wanted, FREE):
        assert made.tokens > 0 and made.logprob <= 0
    exact = run(model, wanted[:1], replace(FREE, temperature=0, max_tokens=1))[0]
    end = model.tokenizer.open_end(prompt).encode()
    with torch.no_grad():
        logits = model(torch.tensor([model.tokenizer.head(prompt)]))[0, -1]
    allowed = [
        i for i, t in enumerate(model.tokenizer.bytes_of) if t and (t.startswith(end) or end.startswith(t))
    ]
    best = allowed[int(logits[allowed].argmax())]
    assert exact.text.encode() == model.tokenizer.bytes_of[best][len(end) :]
    expected = logits[best] - logits[allowed].logsumexp(0)
    assert exact.logprob == pytest.approx(float(expected), abs=1e-4)


def test_many_more_requests_than_rows(tokenizer: Tokenizer) -> None:
    """Rows are replaced, moved and dropped many times; nothing is lost, and greedy stays exact."""
    model = make(tokenizer, sample_batch=9, context=40)
    with torch.no_grad():
        model.embedding.weight[tokenizer.end] *= 10
    prompts = [f"x{i} = {i}\n" * (i % 5) for i in range(11)]
    wanted = [Request(f"{i}", i, prompts[i % 11 if i % 2 else 0]) for i in range(150)]
    whole = run(make(tokenizer, sample_batch=150, context=40), wanted, FREE)
    assert len(whole) == 150
    sampling = replace(FREE, temperature=0, max_tokens=25, stop=("e",))
    found = run(model, wanted, sampling)
    for prompt in prompts:
        texts = {made.text for request, made in zip(wanted, found, strict=True) if request.prompt == prompt}
        assert len(texts) <= 1
        expected = model.tokenizer.decode(greedy(model, prompt, 25)).split("e")[0]
        assert texts <= {expected}


def test_completions_stream(tokenizer: Tokenizer) -> None:
    model = make(tokenizer, sample_batch=2)
    stream = model.sample(requests(10), replace(FREE, max_tokens=2))
    next(stream)
    model.zero_grad()  # outside of inference mode again
    assert not torch.is_inference_mode_enabled()
    assert len(list(stream)) == 9


def test_nothing_asked_nothing_given(model: GPT) -> None:
    assert list(model.sample([], FREE)) == []


def test_bfloat16(tokenizer: Tokenizer) -> None:
    found = run(make(tokenizer, precision="bfloat16"), requests(30), FREE)
    exact = run(make(tokenizer), requests(30), FREE)
    rough, fine = (sum(m.logprob for m in made) / sum(m.tokens for m in made) for made in (found, exact))
    assert rough == pytest.approx(fine, rel=0.1)
