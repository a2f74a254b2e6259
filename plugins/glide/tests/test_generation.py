"""Images of captions: independent of the batch, guided in one evaluation, known pixels untouched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.testing.sections import build
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.diffusion.noise import ImageNoise
from framework_glide.generation import Guided, Known, Start, generate
from framework_glide.pipeline import Pipeline
from framework_glide.text_to_image import TextToImage, text_to_image_of

SHAPES = {"use": "glide/captioned_shapes", "size": 8, "images": 64, "validation": 8, "held_out": []}
TEXT = {"context": 16, "width": 32, "layers": 1, "heads": 2}
SMALL = {"multipliers": [1, 1], "channels": 32, "text": TEXT, "attention": [4], "precision": "float32"}
FAST = SamplingConfig(steps=4, scale=3.0, batch_size=4)
PROMPTS = ["a red circle", "a blue square", "a green cross", "a red circle", "two things", ""]


@pytest.fixture(scope="module")
def environment() -> Any:
    return build("environment", SHAPES)


def made(environment: Any, **changes: Any) -> TextToImage:
    torch.manual_seed(0)
    model = build("model", {"use": "glide/unet", **SMALL, **changes}, environment)
    with torch.no_grad():  # zeros at the beginning say the same of every caption
        for parameter in model.network.parameters():
            if parameter.abs().max() == 0:
                parameter.normal_(std=0.05)
    return model.eval()


@pytest.fixture(scope="module")
def model(environment: Any) -> TextToImage:
    return made(environment)


@pytest.fixture(scope="module")
def upsampler(environment: Any) -> TextToImage:
    return made(environment, use="glide/upsampler", factor=2, size=16, attention=[8])


@pytest.fixture
def evaluations(model: TextToImage, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Sizes of the batches that network and text transformer have seen."""
    seen: dict[str, list[int]] = {"network": [], "text": []}
    forward, encode = model.network.forward, model.network.encode_text

    def watched(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        seen["network"].append(len(x))
        return forward(x, *args, **kwargs)

    def encoded(tokens: torch.Tensor, *args: Any) -> Any:
        seen["text"].append(len(tokens))
        return encode(tokens, *args)

    monkeypatch.setattr(model.network, "forward", watched)
    monkeypatch.setattr(model.network, "encode_text", encoded)
    return seen


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "unipc"])
def test_images_to_begin_with_are_kept_as_far_as_the_strength_says(model: TextToImage, sampler: Any) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    sampling = SamplingConfig(steps=50, scale=1.0, sampler=sampler)

    def away(strength: float) -> float:
        made = generate(model, PROMPTS[:2], sampling, start=Start(images, strength))
        return float(np.abs(made.astype(float) - images).mean())

    assert away(0.02) < 12 < away(0.5)
    assert away(0.1) < away(0.5) < away(1.0) + 20


def test_what_sampling_begins_with_is_noised_as_the_process_says(
    model: TextToImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    forward = model.network.forward

    def watched(x: torch.Tensor, timesteps: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        seen.append((x, int(timesteps[0])))
        return forward(x, timesteps, **kwargs)

    monkeypatch.setattr(model.network, "forward", watched)
    images = np.full((1, 8, 8, 3), 255, np.uint8)
    sampling = SamplingConfig(steps="ddim10", scale=1.0, temperature=0.5)
    generate(model, PROMPTS[:1], sampling, seeds=[7], start=Start(images, 0.35))
    assert [t for _, t in seen] == [200, 100, 0]  # three of ten
    noise = 0.5 * ImageNoise([7]).draw((1, 3, 8, 8))
    abar = float(model.diffusion.alphas_cumprod[200])
    torch.testing.assert_close(seen[0][0], abar**0.5 + (1 - abar) ** 0.5 * noise, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("strength", [0.0, -1.0, 1.5])
def test_strengths_that_are_no_share_are_refused(strength: float) -> None:
    with pytest.raises(UserError, match="no share of the steps"):
        Start(np.zeros((1, 8, 8, 3), np.uint8), strength)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "plms", "dpm_solver", "unipc"])
def test_an_image_depends_on_its_prompt_and_its_seed_alone(model: TextToImage, sampler: Any) -> None:
    sampling = replace(FAST, sampler=sampler)
    whole = generate(model, PROMPTS, sampling, seeds=range(6))
    order = [3, 0, 5, 1]
    some = generate(
        model, [PROMPTS[i] for i in order], replace(sampling, batch_size=3), seeds=[int(i) for i in order]
    )
    # Of 255 levels: sums over another batch may be rounded otherwise, which multistep samplers amplify.
    assert np.abs(whole[order].astype(int) - some).max() <= 4
    assert whole.shape == (6, 8, 8, 3) and whole.dtype == np.uint8
    assert (whole[0] != whole[3]).any()  # same prompt, other noise
    assert (generate(model, ["a red circle"], sampling, seeds=[1])[0] != whole[1]).any()


def test_guidance_is_one_batch_and_no_caption_is_encoded_twice(
    model: TextToImage, evaluations: dict[str, list[int]]
) -> None:
    generate(model, PROMPTS, FAST, seeds=range(6))
    assert evaluations["network"] == [8] * 4 + [4] * 4  # batches of 4 and of 2, both halves at once
    assert evaluations["text"] == [4, 2]  # three different and the empty one; two of which one is empty
    for seen in evaluations.values():
        seen.clear()
    generate(model, PROMPTS, replace(FAST, scale=1.0), seeds=range(6))
    assert evaluations["network"] == [4] * 4 + [2] * 4
    assert evaluations["text"] == [3, 2]


def test_guidance_follows_its_formula(model: TextToImage) -> None:
    x, t = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.full((2,), 500)
    with torch.no_grad():
        guided = Guided(model, PROMPTS[:2], FAST)(x, t)
        cond = model(x, t, *model.encode(PROMPTS[:2]))
        uncond = model(x, t, *model.encode(["", ""]))
        negative = model(x, t, *model.encode(["a cross"] * 2))
        led_away = Guided(model, PROMPTS[:2], replace(FAST, negative_prompt="a cross"))(x, t)
    torch.testing.assert_close(
        guided[:, :3], uncond[:, :3] + 3 * (cond - uncond)[:, :3], rtol=1e-4, atol=1e-5
    )
    torch.testing.assert_close(guided[:, 3:], cond[:, 3:], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        led_away[:, :3], negative[:, :3] + 3 * (cond - negative)[:, :3], rtol=1e-4, atol=1e-5
    )


def test_outside_of_the_interval_the_caption_alone_is_asked(
    model: TextToImage, evaluations: dict[str, list[int]]
) -> None:
    generate(model, PROMPTS[:2], replace(FAST, interval=(0.0, 0.5)), seeds=[0, 1])
    assert evaluations["network"] == [2, 2, 4, 4]  # from noise to image


@pytest.mark.parametrize("inpaint", [False, True], ids=["replacement", "trained for it"])
@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "plms", "dpm_solver"])
def test_known_pixels_stay_as_they_are(environment: Any, inpaint: bool, sampler: Any) -> None:
    rows = environment["validation"][:4]
    images = np.asarray(rows["image"], np.uint8)
    masks = np.zeros((4, 8, 8), bool)
    masks[:, :, :5] = True
    masks[3] = False
    model = made(environment, inpaint=inpaint)
    filled = generate(
        model, rows["caption"], replace(FAST, sampler=sampler), inpaint=Known(images, masks), seeds=range(4)
    )
    assert (filled[masks] == images[masks]).all()
    assert (filled[~masks] != images[~masks]).mean() > 0.5
    hidden = np.where(masks[..., None], images, 255 - images)
    again = generate(
        model, rows["caption"], replace(FAST, sampler=sampler), inpaint=Known(hidden, masks), seeds=range(4)
    )
    assert (filled == again).all()  # what the mask hides is not looked at


def test_batches_are_told_as_they_come(model: TextToImage) -> None:
    told: list[tuple[slice, int]] = []
    whole = generate(
        model, PROMPTS, FAST, seeds=range(6), on_batch=lambda part, images: told.append((part, len(images)))
    )
    assert told == [(slice(0, 4), 4), (slice(4, 6), 2)]
    assert len(whole) == 6


def test_an_upsampler_enlarges(model: TextToImage, upsampler: TextToImage) -> None:
    low = generate(model, PROMPTS[:2], FAST)
    large = generate(upsampler, PROMPTS[:2], replace(FAST, scale=1.0), low_res=low)
    assert large.shape == (2, 16, 16, 3)
    other = generate(upsampler, PROMPTS[:2], replace(FAST, scale=1.0), low_res=255 - low)
    assert (large != other).any()


def test_a_pipeline_puts_the_parts_one_after_the_other(
    model: TextToImage, upsampler: TextToImage, environment: Any
) -> None:
    pipeline = Pipeline(model, upsampler=upsampler)
    large = pipeline.generate(PROMPTS[:2], FAST, [3, 4])
    low = generate(model, PROMPTS[:2], FAST, seeds=[3, 4])
    plain = replace(FAST, scale=1.0)
    assert (large == generate(upsampler, PROMPTS[:2], plain, seeds=[3, 4], low_res=low)).all()
    picture = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)
    masks = np.zeros((2, 16, 16), bool)
    masks[:, 4:] = True
    filling = replace(pipeline, inpainter=made(environment, inpaint=True))
    filled = filling.generate(PROMPTS[:2], FAST, [3, 4], Known(picture, masks))
    assert (filled[masks] == picture[masks]).all()


class Leftwards:
    """A guide that likes whatever is bright at the left."""

    def guidance(self, prompts: Any, factor: float = 1.0) -> Any:
        slope = torch.linspace(1, -1, 8).expand(len(prompts), 3, 8, 8)
        return lambda x, t: factor * slope


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "plms", "dpm_solver"])
def test_a_clip_guides(model: TextToImage, sampler: Any) -> None:
    plain = replace(FAST, sampler=sampler, scale=1.0, steps=10)
    led = generate(model, PROMPTS, replace(plain, clip_scale=100.0), clip=Leftwards()).astype(float)
    left = generate(model, PROMPTS, plain).astype(float)
    contrast = [images[:, :, :4].mean() - images[:, :, 4:].mean() for images in (led, left)]
    assert contrast[0] > contrast[1] + 3


def test_what_is_missing_is_said(model: TextToImage, upsampler: TextToImage) -> None:
    with pytest.raises(UserError, match="clip_scale needs a noised CLIP"):
        generate(model, PROMPTS, replace(FAST, clip_scale=1.0))
    with pytest.raises(UserError, match="needs the images it enlarges"):
        generate(upsampler, PROMPTS, FAST)
    with pytest.raises(UserError, match="no upsampler"):
        generate(model, PROMPTS, FAST, low_res=np.zeros((6, 4, 4, 3), np.uint8))
    with pytest.raises(UserError, match="makes no images"):
        text_to_image_of(torch.nn.Linear(1, 1))


def test_a_grid_of_many_images_holds_one_batch_of_activations(
    model: TextToImage, evaluations: dict[str, list[int]]
) -> None:
    generate(model, ["a red circle"] * 64, replace(FAST, steps=1, scale=1.0, batch_size=16))
    assert evaluations["network"] == [16] * 4


def test_the_fingerprint_changes_with_the_weights_alone(environment: Any) -> None:
    one, same = made(environment), made(environment)
    assert one.fingerprint() == same.fingerprint()
    with torch.no_grad():
        next(same.network.parameters()).add_(1e-3)
    assert one.fingerprint() != same.fingerprint()


def test_the_posteriors_variance_is_the_learned_one_at_its_lower_end(
    model: TextToImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    posterior = generate(model, PROMPTS, replace(FAST, variance="posterior"))
    assert (generate(model, PROMPTS, FAST) != posterior).any()
    forward = model.network.forward

    def certain(*args: Any, **kwargs: Any) -> torch.Tensor:
        eps, _ = forward(*args, **kwargs).chunk(2, dim=1)
        return torch.cat([eps, torch.full_like(eps, -1.0)], dim=1)

    monkeypatch.setattr(model.network, "forward", certain)
    assert (generate(model, PROMPTS, FAST) == posterior).all()


def test_an_unknown_variance_is_named() -> None:
    with pytest.raises(UserError, match="variance: 'small' is not one of learned, posterior"):
        replace(FAST, variance="small")
