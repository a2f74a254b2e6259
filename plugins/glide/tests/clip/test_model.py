from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import DatasetDict

from framework.errors import UserError
from framework_glide.clip.blocks import attend
from framework_glide.clip.loading import build
from framework_glide.clip.model import NoisedCLIP

from .conftest import SMALL

PROMPTS = ["red over blue", "black over green", "white over white"]


@pytest.fixture(scope="module")
def model(environment: DatasetDict) -> NoisedCLIP:
    torch.manual_seed(0)
    return build(environment, SMALL).eval()


def inputs(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, 3, 8, 8, generator=generator, dtype=dtype), torch.tensor([0, 500, 999])


def test_sizes_come_from_the_environment(model: NoisedCLIP) -> None:
    assert model.options.image_size == 8
    assert model.options.vocab_size == model.tokenizer.vocab_size <= 300
    assert model.tokenizer.layout.end is not None


@torch.no_grad()
def test_embeddings_have_length_one(model: NoisedCLIP) -> None:
    x, t = inputs()
    image, text = model.encode_image(x, t), model.encode_text([*PROMPTS, ""])
    assert image.shape == (3, 32) and text.shape == (4, 32)
    for vectors in (image, text):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    torch.testing.assert_close(model(x, t, PROMPTS), model.scale * image @ text[:3].T)
    torch.testing.assert_close(model.similarity(x, t, PROMPTS), (image * text[:3]).sum(1))


@torch.no_grad()
def test_a_caption_means_the_same_in_any_company_and_case(model: NoisedCLIP) -> None:
    alone = model.encode_text(["Red Over BLUE"])
    among = model.encode_text(["red over blue", "a caption that is far too long to be kept as a whole by it"])
    torch.testing.assert_close(alone[0], among[0])


@torch.no_grad()
def test_noise_levels_may_be_floats(model: NoisedCLIP) -> None:
    x, t = inputs()
    assert torch.equal(model.encode_image(x, t.float()), model.encode_image(x, t))


def test_guidance_is_the_gradient(model: NoisedCLIP) -> None:
    double = copy.deepcopy(model).double()
    x, t = inputs(torch.float64)
    found = double.guidance(PROMPTS, factor=2.5)(x, t)
    with torch.no_grad():
        for seed in range(5):
            along = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed), dtype=x.dtype)
            ahead, behind = (double.similarity(x + step * along, t, PROMPTS).sum() for step in (1e-5, -1e-5))
            slope = 2.5 * float(double.scale * (ahead - behind) / 2e-5)
            assert float((found * along).sum()) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_guidance_works_while_sampling(model: NoisedCLIP, mode: Any) -> None:
    x, t = inputs()
    expected = model.guidance(PROMPTS)(x, t)
    with mode():
        found = model.guidance(PROMPTS)(*inputs())
    assert torch.equal(found, expected)
    assert not found.requires_grad
    assert all(p.grad is None for p in model.parameters())


def test_guidance_is_each_pictures_own(model: NoisedCLIP) -> None:
    x, t = inputs()
    whole = model.guidance(PROMPTS)(x, t)
    torch.testing.assert_close(model.guidance(PROMPTS[1:2])(x[1:2], t[1:2]), whole[1:2])
    with pytest.raises(ValueError, match="3 pictures for 2 captions"):
        model.guidance(PROMPTS[:2])(x, t)


def test_pictures_of_another_size(model: NoisedCLIP) -> None:
    with pytest.raises(UserError, match="8 x 8 pixels, and these have 16 x 12"):
        model.encode_image(torch.zeros(1, 3, 12, 16), torch.zeros(1))


def test_the_state_carries_vocabulary_and_architecture(model: NoisedCLIP, environment: DatasetDict) -> None:
    other = build(environment, dataclasses.replace(SMALL, vocab_size=len(range(model.options.vocab_size))))
    other.tokenizer = other.tokenizer.framed()
    other.load_state_dict(model.state_dict())
    assert other.tokenizer.to_json() == model.tokenizer.to_json()
    assert torch.equal(other.encode_text(PROMPTS), model.encode_text(PROMPTS))
    wider = build(environment, dataclasses.replace(SMALL, head_width=16))
    with pytest.raises(RuntimeError, match="its text_heads is 4, not 2"):
        wider.load_state_dict(model.state_dict())


def test_a_vocabulary_too_large_for_the_embedding(model: NoisedCLIP) -> None:
    options = dataclasses.replace(model.options, vocab_size=257)
    with pytest.raises(UserError, match="the embedding 257 rows"):
        NoisedCLIP(options, model.tokenizer)


def test_what_cannot_be_built(environment: DatasetDict, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="patch_size that divides"):
        build(environment, dataclasses.replace(SMALL, patch_size=3))
    with pytest.raises(UserError, match="heads of 6"):
        dataclasses.replace(SMALL, head_width=6)
    with pytest.raises(UserError, match="no such folder"):
        build(environment, dataclasses.replace(SMALL, vocabulary=tmp_path / "nowhere"))
    with pytest.raises(UserError, match="column `image`"):
        build({"train": environment["train"].remove_columns("image")}, SMALL)
    with pytest.raises(UserError, match="not the checkpoint"):
        build(environment, dataclasses.replace(SMALL, weights=tmp_path / "nothing.ckpt"))


def test_a_released_vocabulary_and_a_size_need_no_environment(reference: Path) -> None:
    built = build(None, dataclasses.replace(SMALL, vocabulary=reference / "vocab", image_size=12))
    assert (built.options.vocab_size, built.options.image_size) == (49408, 12)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_in_bfloat16_is_as_exact_as_its_inputs(causal: bool) -> None:
    query, key, value = torch.randn(3, 2, 2, 9, 8).bfloat16().unbind()
    exact = attend(query.double(), key.double(), value.double(), causal=causal)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(
            attend(query, key, value, causal=causal).double(), exact, rtol=1e-5, atol=1e-5
        )
