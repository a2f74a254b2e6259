"""The network by itself: switches, conditions, layouts in memory, precision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from framework_glide.diffusion.process import Diffusion
from framework_glide.unet.config import TextOptions, UNetOptions
from framework_glide.unet.network import TextUNet
from framework_glide.unet.surgery import see_masks
from framework_glide.unet.text_transformer import Text, TextTransformer

SMALL = UNetOptions(
    channels=32,
    multipliers=(1, 2),
    blocks=1,
    attention_factors=(2,),
    head_channels=16,
    dropout=0.0,
    text=TextOptions(vocab_size=50, context=6, width=32, layers=1, heads=2),
)


def make(**changes: Any) -> TextUNet:
    """A small network none of whose layers is zero."""
    torch.manual_seed(0)
    network = TextUNet(replace(SMALL, **changes))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network.eval()


def captions(rows: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(50, (rows, 6), generator=generator)
    return tokens, torch.arange(6) < torch.tensor([[6], [2], [0]])[:rows]


def noised(rows: int = 3, size: int = 8) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(rows, 3, size, size, generator=generator), torch.tensor([0, 500, 999])[:rows]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"text": None},
        {"scale_shift": False},
        {"residual_resampling": False},
        {"residual_resampling": False, "learned_resampling": False},
        {"head_channels": None, "heads": 4, "heads_up": 2},
        {"multipliers": (1, 1, 2), "attention_factors": (1, 4), "blocks": 2},
        {"text": replace(SMALL.text or TextOptions(), final_norm=False, padding_embedding=False)},
        {"out_channels": 3},
    ],
)
@torch.no_grad()
def test_rows_do_not_depend_on_each_other(changes: dict[str, Any]) -> None:
    network, (x, t), (tokens, mask) = make(**changes), noised(), captions()
    together = network(x, t, tokens, mask)
    assert together.shape == (3, network.options.out_channels, 8, 8)
    for i in range(3):
        alone = network(x[i : i + 1], t[i : i + 1], tokens[i : i + 1], mask[i : i + 1])
        torch.testing.assert_close(alone[0], together[i], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_text_encoded_before_and_keys_ahead_change_nothing() -> None:
    network, (x, t), (tokens, mask) = make(), noised(), captions()
    expected = network(x, t, tokens, mask)
    text = network.encode_text(tokens, mask)
    assert torch.equal(network(x, t, text=text), expected)
    ahead = network.prepare(text)
    torch.testing.assert_close(network(x, t, text=ahead), expected, rtol=0, atol=1e-6)
    swapped = Text.cat([ahead.index([2]), ahead.index(slice(0, 2))])
    rows = torch.tensor([2, 0, 1])
    torch.testing.assert_close(network(x[rows], t[rows], text=swapped), expected[rows], rtol=0, atol=1e-6)
    twice = network(x.repeat(2, 1, 1, 1), t.repeat(2), text=ahead.repeat(2))
    torch.testing.assert_close(twice, expected.repeat(2, 1, 1, 1), rtol=0, atol=1e-5)
    assert Text.cat([ahead, text]).keys_values is None


@torch.no_grad()
def test_one_timestep_serves_all() -> None:
    network, (x, _), (tokens, mask) = make(), noised(), captions()
    each = network(x, torch.tensor([7, 7, 7]), tokens, mask)
    torch.testing.assert_close(network(x, torch.tensor([7.0]), tokens, mask), each, rtol=0, atol=1e-5)
    assert not torch.allclose(network(x, torch.tensor([8]), tokens, mask), each)


@torch.no_grad()
def test_what_stands_in_padded_places_does_not_matter() -> None:
    network, (x, t), (tokens, mask) = make(), noised(), captions()
    other = torch.where(mask, tokens, (tokens + 1) % 50)
    assert torch.equal(network(x, t, other, mask), network(x, t, tokens, mask))
    assert not torch.equal(network(x, t, other, None), network(x, t, tokens, None))


@torch.no_grad()
def test_upsampler_sees_the_image_enlarged() -> None:
    network, plain = make(low_res=True), make()
    (x, t), (tokens, mask) = noised(), captions()
    low = torch.randn(3, 3, 2, 2)
    weights = network.state_dict()
    plain.load_state_dict({**weights, "input_blocks.0.0.weight": weights["input_blocks.0.0.weight"][:, :3]})
    assert network.input_blocks[0][0].weight.shape[1] == 6  # type: ignore[index, union-attr]
    # Size changes nothing for an image that is as large already.
    large = F.interpolate(low, size=(8, 8), mode="bilinear", align_corners=False)
    expected = network(x, t, tokens, mask, low_res=large)
    torch.testing.assert_close(network(x, t, tokens, mask, low_res=low), expected)
    dark = network(x, t, tokens, mask, low_res=torch.zeros_like(low))
    torch.testing.assert_close(dark, plain(x, t, tokens, mask))


@torch.no_grad()
@pytest.mark.parametrize("low_res", [False, True])
def test_surgery_changes_no_answer(low_res: bool) -> None:
    network = make(low_res=low_res)
    wide = make(low_res=low_res, inpaint=True)
    wide.load_state_dict(see_masks(network.state_dict(), network.options))
    (x, t), (tokens, mask) = noised(), captions()
    more = {"low_res": torch.randn(3, 3, 4, 4)} if low_res else {}
    expected = network(x, t, tokens, mask, **more)
    torch.testing.assert_close(wide(x, t, tokens, mask, **more), expected)
    known = {"inpaint_image": torch.randn_like(x), "inpaint_mask": torch.ones(3, 1, 8, 8)}
    torch.testing.assert_close(wide(x, t, tokens, mask, **more, **known), expected)


@torch.no_grad()
def test_inpainting_hides_what_is_unknown() -> None:
    network, (x, t), (tokens, mask) = make(inpaint=True), noised(), captions()
    image, known = torch.randn_like(x), (torch.rand(3, 1, 8, 8) < 0.5).float()
    seen = network(x, t, tokens, mask, inpaint_image=image, inpaint_mask=known)
    hidden = image + 5 * (1 - known)
    assert torch.equal(network(x, t, tokens, mask, inpaint_image=hidden, inpaint_mask=known), seen)
    nothing = network(x, t, tokens, mask, inpaint_image=image, inpaint_mask=torch.zeros_like(known))
    assert torch.equal(network(x, t, tokens, mask), nothing)
    assert not torch.allclose(nothing, seen)


def test_checkpointing_gives_the_same_gradients() -> None:
    gradients = []
    for checkpointed in (False, True):
        network = make(checkpoint_blocks=checkpointed).train()
        network(*noised(), *captions()).square().mean().backward()
        gradients.append([parameter.grad for parameter in network.parameters()])
    for plain, again in zip(*gradients, strict=True):
        torch.testing.assert_close(plain, again)


def test_every_parameter_learns() -> None:
    network = make()
    network(*noised(), *captions()).square().mean().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@torch.no_grad()
@pytest.mark.parametrize("how", ["autocast", "module"])
def test_bfloat16_is_close(how: str) -> None:
    network, (x, t), (tokens, mask) = make(), noised(), captions()
    expected = network(x, t, tokens, mask)
    if how == "module":
        network = network.bfloat16()
    with torch.autocast("cpu", torch.bfloat16, enabled=how == "autocast"):
        found = network(x, t, tokens, mask)
    assert found.dtype == torch.float32
    assert (found - expected).square().mean() < 1e-3 * expected.square().mean()


def test_bfloat16_gradients_are_close() -> None:
    gradients = []
    for autocast in (False, True):
        network = make()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            out = network(*noised(), *captions())
        out.square().mean().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    assert F.cosine_similarity(*gradients, dim=0) > 0.995


@torch.no_grad()
def test_memory_format_of_the_input_does_not_matter() -> None:
    network, (x, t), (tokens, mask) = make(), noised(), captions()
    other = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(network(other, t, tokens, mask), network(x, t, tokens, mask))


def test_what_cannot_be_run_says_so() -> None:
    (x, t), (tokens, mask) = noised(), captions()
    with pytest.raises(ValueError, match="multiples of 2"):
        make()(x[..., :7], t, tokens, mask)
    with pytest.raises(ValueError, match="give tokens"):
        make()(x, t)
    with pytest.raises(ValueError, match="low_res"):
        make(low_res=True)(x, t, tokens, mask)
    with pytest.raises(ValueError, match=r"not \(b, 6\)"):
        make().encode_text(tokens[:, :5])
    with pytest.raises(ValueError, match="mask of shape"):
        make().encode_text(tokens, mask[:, :5])
    with pytest.raises(ValueError, match="no text"):
        make(text=None).encode_text(tokens, mask)


@torch.no_grad()
def test_text_transformer_alone() -> None:
    options = replace(SMALL.text or TextOptions(), projection=128)
    network, alone = make(), TextTransformer(options)
    own = alone.state_dict()
    alone.load_state_dict({name: value for name, value in network.state_dict().items() if name in own})
    found, expected = alone(*captions()), network.encode_text(*captions())
    assert torch.equal(found.pooled, expected.pooled)
    assert torch.equal(found.states, expected.states)


def test_untrained_predicts_no_noise_and_the_posteriors_variance() -> None:
    network, diffusion = TextUNet(SMALL), Diffusion()
    x, index = torch.randn(2, 3, 16, 16), torch.tensor([4, 900])
    with torch.no_grad():
        output = network(x, index, *captions(2))
    found = diffusion.prediction(output, x, index)
    _, expected = diffusion.q_posterior(x, x, index)
    torch.testing.assert_close(found.log_variance, expected.expand_as(x))
    assert not output[:, :3].any()
