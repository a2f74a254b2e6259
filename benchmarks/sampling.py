"""Tokens per second of codex/gpt's sampling against `transformers`' generate.

    python -m benchmarks.sampling [--rounds 5] [--layers 4 --width 128 --heads 2]

Both sample from the same weights, trained for a moment on the standard library so that
their distributions are those of a model and not noise: nucleus .95, temperature .8, one
torch thread, batches of 100, each with its cache of keys and values, in turns in one process.
Every sample runs to its last token on both sides; only the tokens that are made are counted.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.timing import Scores, Work, take_turns
from framework_codex.code_model import Request, Sampling
from framework_codex.gpt.config import GPTConfig, Precision
from framework_codex.gpt.llama import to_llama
from framework_codex.gpt.model import GPT
from framework_codex.gpt.tokenizer import Tokenizer

BATCH, NEW, CONTEXT = 100, 96, 192
TARGET = 2.0
PROMPT = 'def every_other(items, first=0):\n    """Return every other item of a sequence, in order."""\n'


def trained(layers: int, width: int, heads: int, seconds: float) -> GPT:
    """A GPT after some CPU-seconds of training on the standard library."""
    texts = [path.read_text("utf-8", "replace") for path in sorted(Path(os.__file__).parent.glob("*.py"))]
    tokenizer = Tokenizer.train(texts, 4096)
    torch.manual_seed(0)
    model = GPT(GPTConfig(layers=layers, width=width, heads=heads, context=CONTEXT), tokenizer)
    tokens = torch.tensor([token for ids in tokenizer.encode_batch(texts) for token in [*ids, tokenizer.end]])
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, fused=True)
    start = time.process_time()
    while time.process_time() - start < seconds:
        first = torch.randint(len(tokens) - CONTEXT - 1, (16, 1))
        batch = tokens[first + torch.arange(CONTEXT + 1)]
        optimizer.zero_grad()
        model.loss(batch[:, :-1], batch[:, 1:]).backward()
        optimizer.step()
    return model.eval()


def ours(model: GPT, precision: Precision, prompts: int) -> Callable[[], Work]:
    """One batch of this plugin's: so many prompts, equally often."""
    config = model.config.__class__(**{**vars(model.config), "precision": precision})
    copy = GPT(config, model.tokenizer)
    copy.load_state_dict(model.state_dict())
    requests = [Request(f"{i % prompts}", i, f"# {i % prompts}\n{PROMPT}") for i in range(BATCH)]

    def work() -> Work:
        return Work(sum(made.tokens for _, made in copy.sample(requests, Sampling(max_tokens=NEW, stop=()))))

    return work


def theirs(model: GPT, dtype: torch.dtype, prompts: int) -> Callable[[], Work]:
    """One batch of `generate`, with the same prompts."""
    llama = to_llama(model).to(dtype)
    heads = [model.tokenizer.head(f"# {i % prompts}\n{PROMPT}") for i in range(BATCH)]
    tokens = torch.tensor(heads)
    end = model.tokenizer.end

    def work() -> Work:
        with torch.inference_mode():
            made = llama.generate(
                tokens,
                attention_mask=torch.ones_like(tokens),
                max_new_tokens=NEW,
                do_sample=True,
                temperature=0.8,
                top_p=0.95,
                top_k=0,
                use_cache=True,
            )[:, tokens.shape[1] :]
        ends = made == end
        return Work(int(torch.where(ends.any(1), ends.int().argmax(1) + 1, made.shape[1]).sum()))

    return work


def main() -> int:
    """Print rates and ratios; return 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--heads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=30.0, help="of training before")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = trained(options.layers, options.width, options.heads, options.seconds)
    scores = Scores()
    for prompts in (1, 10):
        rates = take_turns(
            {
                "ours, float32": ours(model, "float32", prompts),
                "generate, float32": theirs(model, torch.float32, prompts),
                "ours, bfloat16": ours(model, "bfloat16", prompts),
                "generate, bfloat16": theirs(model, torch.bfloat16, prompts),
            },
            options.rounds,
        )
        print(f"{BATCH} samples of {prompts} prompt(s)")
        for name in rates.cpu:
            print(f"  {name:<20} {rates.rate(name, 'cpu'):8.0f} tokens per CPU-second")
        for precision in ("float32", "bfloat16"):
            scores.at_least(
                f"sampled tokens per CPU-second over generate's, {prompts} prompt(s), {precision}",
                rates.ratio(f"ours, {precision}", f"generate, {precision}", "cpu"),
                TARGET,
            )
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
