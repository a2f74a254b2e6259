"""Training tokens per second of codex/gpt against the same model in plain eager torch.

    python -m benchmarks.lm_training [--rounds 5] [--layers 4 --width 128 --heads 2]

The other side is written the way nanoGPT is: modules and operations one after the other, one
cross-entropy over the logits of the whole batch, AdamW, clipped gradients, and on a CPU float32.
Same architecture, parameters, data and batch; one torch thread; in turns in one process. A
second ratio gives the other side bfloat16 autocast as well, and tells what is due to the code.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.timing import Scores, Work, take_turns
from framework.supervised.precision import native_bfloat16
from framework_codex.gpt.config import GPTConfig, Precision
from framework_codex.gpt.model import GPT
from framework_codex.gpt.tokenizer import Tokenizer

VOCABULARY, CONTEXT, BATCH = 4096, 192, 16
UPDATES = 2
TARGET = 1.0


class Norm(nn.Module):
    """Root-mean-square norm, as it is usually written out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension."""
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


class PlainBlock(nn.Module):
    """Attention and a gated MLP."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.norm_1, self.norm_2 = Norm(width), Norm(width)
        self.attention = nn.Linear(width, 3 * width, bias=False)
        self.projection = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, config.hidden, bias=False)
        self.up = nn.Linear(width, config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Map `(b, t, width)` to the same."""
        b, t, width = x.shape
        parts = self.attention(self.norm_1(x)).split(width, dim=2)
        q, k, v = (part.view(b, t, self.heads, width // self.heads).transpose(1, 2) for part in parts)
        q, k = self.rotate(q, cos, sin), self.rotate(k, cos, sin)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.projection(y.transpose(1, 2).contiguous().view(b, t, width))
        h = self.norm_2(x)
        out: Tensor = x + self.down(F.silu(self.gate(h)) * self.up(h))
        return out

    @staticmethod
    def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Rotary positions."""
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat([-b, a], -1) * sin


class PlainGPT(nn.Module):
    """The whole model."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, config.width)
        self.blocks = nn.ModuleList(PlainBlock(config) for _ in range(config.layers))
        self.norm = Norm(config.width)
        half = config.width // config.heads // 2
        angles = torch.arange(CONTEXT)[:, None] * 10_000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cos", torch.cat([angles.cos()] * 2, -1))
        self.register_buffer("sin", torch.cat([angles.sin()] * 2, -1))

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy."""
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        logits = F.linear(self.norm(x), self.embedding.weight)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-1)


def updates(model: GPT | PlainGPT, autocast: bool, fused: bool) -> Callable[[], Work]:
    """Train on random tokens: what they mean does not matter for speed."""
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, betas=(0.9, 0.95), fused=fused)
    tokens = torch.randint(1, VOCABULARY, (BATCH, CONTEXT + 1))

    def work() -> Work:
        for _ in range(UPDATES):
            with torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
                loss = model.loss(tokens[:, :-1], tokens[:, 1:])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return Work(UPDATES * BATCH * CONTEXT)

    return work


def main() -> int:
    """Print rates and ratios; return 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--heads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)

    def config(precision: Precision) -> GPTConfig:
        shape = {"layers": options.layers, "width": options.width, "heads": options.heads}
        return GPTConfig(vocab_size=VOCABULARY, context=CONTEXT, precision=precision, **shape)

    # A vocabulary that is full: code of every byte pair would do as well.
    words = [
        f"{a}{b}{c}" for a in "abcdefghijklmnopqrst" for b in "aeiouxyzkl" for c in "aeioubcdfghjklmnpqrst"
    ]
    tokenizer = Tokenizer.train([" ".join(words)] * 2, VOCABULARY)
    assert len(tokenizer) == VOCABULARY
    rates = take_turns(
        {
            "ours, auto": updates(GPT(config("auto"), tokenizer), False, True),
            "ours, float32": updates(GPT(config("float32"), tokenizer), False, True),
            "plain, float32": updates(PlainGPT(config("float32")), False, False),
            "plain, bfloat16": updates(PlainGPT(config("float32")), True, False),
        },
        options.rounds,
    )
    for name in rates.cpu:
        print(f"{name:<16} {rates.rate(name, 'cpu'):8.0f} tokens per CPU-second")
    scores = Scores()
    scores.at_least(
        "trained tokens per CPU-second, as shipped, over plain eager torch as it comes",
        rates.ratio("ours, auto", "plain, float32", "cpu"),
        TARGET,
    )
    scores.at_least("the same, both float32", rates.ratio("ours, float32", "plain, float32", "cpu"), TARGET)
    if native_bfloat16("cpu"):
        scores.at_least(
            "the same, both bfloat16", rates.ratio("ours, auto", "plain, bfloat16", "cpu"), TARGET
        )
    else:
        scores.skip("the same, both bfloat16", "this processor does not multiply bfloat16 natively")
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
