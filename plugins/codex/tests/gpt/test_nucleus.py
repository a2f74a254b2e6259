"""Against the definition: sort, cut, renormalise; a chi-square test with a fixed seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from framework_codex.gpt.nucleus import UNIFORMS, draw


def nucleus(logits: torch.Tensor, temperature: float, top_p: float) -> np.ndarray:
    p = np.exp(logits.double().numpy() / temperature)
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    size = int(np.searchsorted(np.cumsum(p[order]), top_p)) + 1
    kept = np.zeros_like(p)
    kept[order[:size]] = p[order[:size]]
    return np.asarray(kept / kept.sum())


@pytest.mark.parametrize("vocabulary", [5, 64, 150])
@pytest.mark.parametrize(
    ("temperature", "top_p"), [(1.0, 0.95), (0.5, 0.9), (2.0, 0.3), (1.0, 0.05), (1.0, 1.0)]
)
def test_distribution(vocabulary: int, temperature: float, top_p: float) -> None:
    generator = torch.Generator().manual_seed(vocabulary)
    logits = 2 * torch.randn(vocabulary, generator=generator)
    logits[1] = -torch.inf
    n = 20_000
    uniforms = torch.rand(n, UNIFORMS, generator=generator)
    tokens, logprobs = draw(logits.expand(n, -1), uniforms, temperature, top_p)

    expected = nucleus(logits, temperature, top_p)
    counts = np.bincount(tokens.numpy(), minlength=vocabulary)
    assert (counts[expected == 0] == 0).all()
    some = expected * n >= 5
    squares = ((counts - n * expected)[some] ** 2 / (n * expected[some])).sum()
    freedom = some.sum() - 1
    assert squares < freedom + 4 * np.sqrt(2 * freedom) + 4
    torch.testing.assert_close(logprobs, logits.log_softmax(-1)[tokens])


def test_temperature_zero_takes_the_likeliest() -> None:
    logits = torch.randn(50, 300)
    tokens, _ = draw(logits, torch.rand(50, UNIFORMS), 0.0, 0.95)
    assert torch.equal(tokens, logits.argmax(-1))


def test_a_row_does_not_depend_on_the_others() -> None:
    logits, uniforms = 3 * torch.randn(40, 500), torch.rand(40, UNIFORMS)
    together, _ = draw(logits, uniforms, 0.8, 0.5)
    alone = torch.cat([draw(logits[i : i + 1], uniforms[i : i + 1], 0.8, 0.5)[0] for i in range(40)])
    assert torch.equal(together, alone)


@pytest.mark.parametrize("edge", [0.0, float(np.nextafter(np.float32(1), np.float32(0)))])
def test_the_edges_of_the_uniform_numbers(edge: float) -> None:
    logits = torch.full((3, 200), -torch.inf)
    logits[:, 130] = 0.0
    logits[1:, 7] = 0.0
    tokens, _ = draw(logits, torch.full((3, UNIFORMS), edge), 1.0, 0.95)
    assert set(tokens.tolist()) <= {7, 130}
    assert tokens[0] == 130


def test_a_nucleus_that_is_full_takes_no_further_token() -> None:
    """Tokens of mass 1/2, 1/4, 1/4: the first alone has a mass of 1/2, and is the smallest such set."""
    logits = torch.tensor([[0.5, 0.25, 0.25]]).log().repeat(500, 1)
    uniforms = torch.rand((500, UNIFORMS), generator=torch.Generator().manual_seed(0))
    for top_p, expected in ((0.5, {0}), (0.51, {0, 1, 2})):
        tokens, _ = draw(logits, uniforms, 1.0, top_p)
        assert set(tokens.tolist()) == expected
