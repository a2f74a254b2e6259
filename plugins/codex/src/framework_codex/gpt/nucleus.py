"""Drawing tokens from the nucleus (Holtzman et al. 2020).

The nucleus is the smallest set of likeliest tokens with a mass of at least `top_p`. Sorting
tens of thousands of probabilities per row to find it costs more than a small model does.
Instead a token is drawn from the whole distribution and kept if it is in the nucleus, which
is to say if the tokens likelier than it have a mass below `top_p`; otherwise another is drawn.
That is the same distribution, without a sort.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

#: Draws before the nucleus is sorted out after all: one uniform number each, and one for that.
ATTEMPTS = 4
UNIFORMS = ATTEMPTS + 1

_BLOCK = 64  # of the two-level search through cumulative probabilities


def draw(logits: Tensor, uniforms: Tensor, temperature: float, top_p: float) -> tuple[Tensor, Tensor]:
    """Draw a token for each row.

    Args:
        logits: `(n, vocab)`, float32; -inf where a token is not allowed.
        uniforms: `(n, UNIFORMS)` in [0, 1): the row's own random numbers for this token.
        temperature: 0 takes the likeliest.
        top_p: in (0, 1]; tokens as likely as the last of the nucleus belong to it.

    Returns:
        Tokens `(n,)` and their ln p at temperature 1, of all that are allowed.
    """
    if temperature == 0:
        tokens = logits.argmax(-1)
    else:
        scaled = logits if temperature == 1 else logits / temperature
        tokens = _draw(scaled.softmax(-1), uniforms, top_p)
    return tokens, logits.log_softmax(-1).gather(-1, tokens[:, None])[:, 0]


def _draw(p: Tensor, uniforms: Tensor, top_p: float) -> Tensor:
    tokens = _inverse(p, uniforms[:, 0])
    rejected = (~_inside(p, tokens, top_p)).nonzero()[:, 0]
    for attempt in range(1, ATTEMPTS):
        if not len(rejected):
            return tokens
        these = p[rejected]
        tokens[rejected] = found = _inverse(these, uniforms[rejected, attempt])
        rejected = rejected[~_inside(these, found, top_p)]
    if len(rejected):
        tokens[rejected] = _sorted(p[rejected], uniforms[rejected, ATTEMPTS], top_p)
    return tokens


def _inverse(p: Tensor, uniforms: Tensor) -> Tensor:
    """The token whose cumulative probability a uniform number reaches: block first, then inside."""
    blocks = F.pad(p, (0, -p.shape[-1] % _BLOCK)).view(len(p), -1, _BLOCK)
    cumulative = blocks.sum(-1).cumsum(-1)
    target = uniforms[:, None] * cumulative[:, -1:]
    block = (cumulative[:, :-1] <= target).sum(-1, keepdim=True)
    before = F.pad(cumulative, (1, 0)).gather(-1, block)
    inside = blocks.gather(1, block[..., None].expand(-1, 1, _BLOCK))[:, 0].cumsum(-1)
    place = (inside[:, :-1] <= target - before).sum(-1)
    return (block[:, 0] * _BLOCK + place).clamp_(max=p.shape[-1] - 1)


def _inside(p: Tensor, tokens: Tensor, top_p: float) -> Tensor:
    own = p.gather(-1, tokens[:, None])
    possible = own[:, 0] > 0  # rounding at the edge of a block may reach a token that is not
    if top_p >= 1:
        return possible
    likelier = torch.where(p > own, p, 0.0).sum(-1)
    return possible & (likelier < top_p)


def _sorted(p: Tensor, uniforms: Tensor, top_p: float) -> Tensor:
    ordered, tokens = p.sort(dim=-1, descending=True, stable=True)
    cumulative = ordered.cumsum(-1)
    last = (cumulative < top_p).sum(-1, keepdim=True).clamp(max=p.shape[-1] - 1)
    # Tokens as likely as the last one belong to the nucleus.
    last = ((ordered >= ordered.gather(-1, last)) & (ordered > 0)).sum(-1, keepdim=True) - 1
    target = uniforms[:, None] * cumulative.gather(-1, last)
    place = (cumulative <= target).sum(-1, keepdim=True).minimum(last)
    return tokens.gather(-1, place)[:, 0]
