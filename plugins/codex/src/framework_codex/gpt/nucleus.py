"""Drawing tokens from the nucleus (Holtzman et al. 2020), one uniform number each."""

from __future__ import annotations

from torch import Tensor

#: Most nuclei of a trained model are smaller than this; larger ones are sorted whole.
_SMALL = 64


def draw(logits: Tensor, uniforms: Tensor, temperature: float, top_p: float) -> tuple[Tensor, Tensor]:
    """Draw a token for each row.

    The nucleus is the smallest set of likeliest tokens with a mass of at least `top_p`, at
    this temperature; the token is the one its renormalised cumulative distribution, likeliest
    first, reaches at the uniform number.

    Args:
        logits: `(n, vocab)`, float32; -inf where a token is not allowed.
        uniforms: `(n,)` in [0, 1).
        temperature: 0 takes the likeliest.
        top_p: in (0, 1].

    Returns:
        Tokens `(n,)` and their ln p at temperature 1, of all that are allowed.
    """
    tokens = logits.argmax(-1) if temperature == 0 else _draw(logits / temperature, uniforms, top_p)
    chosen = logits.gather(-1, tokens[:, None])[:, 0]
    return tokens, chosen - logits.logsumexp(-1)


def _draw(logits: Tensor, uniforms: Tensor, top_p: float) -> Tensor:
    total = logits.logsumexp(-1, keepdim=True)
    likeliest, tokens = logits.topk(min(_SMALL, logits.shape[-1]))
    mass = (likeliest - total).exp().cumsum(-1)
    beyond = mass[:, -1] < top_p
    if mass.shape[-1] < logits.shape[-1] and bool(beyond.any()):
        drawn = _reach(mass, tokens, uniforms, top_p)
        ordered, all_tokens = logits[beyond].sort(dim=-1, descending=True, stable=True)
        whole = (ordered - total[beyond]).exp().cumsum(-1)
        drawn[beyond] = _reach(whole, all_tokens, uniforms[beyond], top_p)
        return drawn
    return _reach(mass, tokens, uniforms, top_p)


def _reach(mass: Tensor, tokens: Tensor, uniforms: Tensor, top_p: float) -> Tensor:
    # The nucleus ends with the token whose mass reaches top_p.
    last = (mass < top_p).sum(-1, keepdim=True).clamp(max=mass.shape[-1] - 1)
    target = uniforms[:, None] * mass.gather(-1, last)
    place = (mass <= target).sum(-1, keepdim=True).minimum(last)
    return tokens.gather(-1, place)[:, 0]
