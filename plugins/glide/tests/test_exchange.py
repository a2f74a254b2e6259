"""Folders that diffusers and transformers read, and a pipeline that is called as theirs are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from framework.errors import UserError
from framework.testing.sections import build
from framework_glide.building import load_folder
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.exchange.folder import save
from framework_glide.pipeline import Pipeline
from framework_glide.text_to_image import TextToImage

SHAPES = {"use": "glide/captioned_shapes", "size": 16, "images": 64, "validation": 8, "held_out": []}
SMALL = {
    "multipliers": [1, 2],
    "channels": 32,
    "blocks": 2,
    "text": {"context": 16, "width": 32, "layers": 1, "heads": 2},
    "attention": [8],
    "precision": "float32",
}
PROMPTS = ["a red circle", "a blue square above a green cross"]


def made(use: str = "glide/unet", **changes: Any) -> TextToImage:
    torch.manual_seed(0)
    model = build("model", {"use": use, **SMALL, **changes}, build("environment", SHAPES))
    with torch.no_grad():  # zeros and ones at the beginning say little
        for parameter in model.network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
    return model.eval()


@pytest.fixture(scope="module")
def model() -> TextToImage:
    return made()


@pytest.fixture(scope="module")
def folder(model: TextToImage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    save(model, folder)
    return folder


@pytest.mark.parametrize("part", ["base", "inpaint", "upsampler"])
def test_the_unet_of_diffusers_says_the_same(part: str, tmp_path: Path) -> None:
    models = pytest.importorskip("diffusers.models.unets.unet_2d_condition")
    model = {
        "base": lambda: made(),
        "inpaint": lambda: made(inpaint=True),
        "upsampler": lambda: made("glide/upsampler", factor=2, attention=[16, 8]),
    }[part]()
    save(model, tmp_path)
    theirs = models.UNet2DConditionModel.from_pretrained(tmp_path, subfolder="unet").eval()
    generator = torch.Generator().manual_seed(0)
    x, timesteps = torch.randn(2, 3, 16, 16, generator=generator), torch.tensor([3, 700])
    seen: dict[str, torch.Tensor] = {}
    inputs = [x]
    if part == "inpaint":
        image = torch.rand(2, 3, 16, 16, generator=generator)
        mask = (torch.rand(2, 1, 16, 16, generator=generator) < 0.5).float()
        seen = {"inpaint_image": image, "inpaint_mask": mask}
        inputs += [image * mask, mask]
    if part == "upsampler":
        low = torch.rand(2, 3, 8, 8, generator=generator)
        seen = {"low_res": low}
        inputs.append(torch.nn.functional.interpolate(low, size=(16, 16), mode="bilinear"))
    with torch.no_grad():
        text = model.network.encode_text(*model.encode(PROMPTS))
        ours = model.network(x, timesteps, text=text, **seen)
        found = theirs(
            torch.cat(inputs, 1), timesteps, text.states.transpose(1, 2), class_labels=text.pooled
        ).sample
    assert ours.std() > 0.1
    torch.testing.assert_close(found, ours, rtol=1e-3, atol=1e-4)


def test_schedulers_and_tokenizers_read_their_parts(model: TextToImage, folder: Path) -> None:
    schedulers = pytest.importorskip("diffusers.schedulers")
    transformers = pytest.importorskip("transformers")
    scheduler = schedulers.DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
    np.testing.assert_allclose(
        scheduler.alphas_cumprod.numpy(), model.diffusion.alphas_cumprod, rtol=1e-4, atol=1e-7
    )
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")
    assert tokenizer.encode(PROMPTS[1]) == model.tokenizer.tokens(PROMPTS)[1]


def test_a_folder_comes_back_as_it_was(model: TextToImage, folder: Path) -> None:
    again = load_folder(folder)
    assert (again.options, again.images) == (model.options, model.images)
    assert again.tokenizer.to_json() == model.tokenizer.to_json()
    for name, value in model.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], value), name
    named = build("model", {"use": "glide/unet", "weights": str(folder), "inpaint": True}, None)
    assert named.options.inpaint and named.network.input_blocks[0][0].weight.shape[1] == 7


def test_folders_of_something_else_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder that save_pretrained wrote"):
        load_folder(tmp_path)
    for part in ("tokenizer", "unet", "text_encoder"):
        (tmp_path / part).mkdir()
        for file in (folder / part).iterdir():
            (tmp_path / part / file.name).write_bytes(file.read_bytes())
    index = json.loads((folder / "model_index.json").read_text())
    index["framework_glide"]["options"]["blocks"] = 3
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"diffusion_pytorch_model.safetensors does not fit"):
        load_folder(tmp_path)


@pytest.fixture(scope="module")
def pipeline(model: TextToImage, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    parts = Pipeline(model, made(inpaint=True), made("glide/upsampler", factor=2, size=32, attention=[16]))
    folder = tmp_path_factory.mktemp("pipeline")
    parts.save_pretrained(folder)
    return Pipeline.from_pretrained(folder)


def test_a_pipeline_is_called_as_those_of_diffusers(pipeline: Pipeline) -> None:
    seeds = torch.Generator().manual_seed(5)
    how: dict[str, Any] = {"num_inference_steps": 2, "num_images_per_prompt": 2, "generator": seeds}
    made_ = pipeline(PROMPTS, **how).images
    assert [image.size for image in made_] == [(32, 32)] * 4
    seeds.manual_seed(5)
    again = pipeline(PROMPTS, **how, output_type="np").images
    np.testing.assert_array_equal(np.stack([np.asarray(image) for image in made_]), again)
    assert (again[0] != again[1]).any()
    one = pipeline(PROMPTS[0], num_inference_steps=2, generator=[torch.Generator().manual_seed(5)])
    assert np.array_equal(np.asarray(one.images[0]), again[0])


def test_black_parts_of_a_mask_are_kept(pipeline: Pipeline) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    mask = Image.new("L", (32, 32), 0)
    mask.paste(255, (0, 0, 16, 32))
    made_ = np.asarray(
        pipeline(
            "a red circle", num_inference_steps=2, image=Image.fromarray(pixels), mask_image=mask
        ).images[0]
    )
    assert (made_[:, 16:] == pixels[:, 16:]).all()
    assert (made_[:, :16] != pixels[:, :16]).mean() > 0.9


def test_an_image_is_changed_as_far_as_its_strength_says(model: TextToImage) -> None:
    pixels = np.full((20, 30, 3), 128, np.uint8)
    away = [
        np.abs(
            Pipeline(model)(
                "a red circle",
                num_inference_steps=50,
                guidance_scale=1.0,
                generator=torch.Generator().manual_seed(0),
                image=pixels,
                strength=strength,
                output_type="np",
                sampling=SamplingConfig(sampler="ddim"),
            ).images.astype(float)
            - 128
        ).mean()
        for strength in (0.04, 0.6)
    ]
    assert away[0] < 10 < away[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"mask_image": np.zeros((4, 4), np.uint8)}, "mask_image: there is no image"),
        ({"generator": [torch.Generator()] * 3}, "3 of them for 1 images"),
        ({"image": [np.zeros((8, 8, 3), np.uint8)] * 2}, "image: 2 pictures for 1 images"),
        ({"image": np.zeros((8, 8, 3))}, "float64 of shape"),
        ({"image": np.zeros((8, 8, 3), np.uint8), "strength": 0.0}, "strength: 0"),
    ],
)
def test_what_does_not_fit_is_refused(model: TextToImage, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Pipeline(model)("a red circle", **arguments)


def test_a_network_that_diffusers_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no place for a first level of several times the channels"):
        save(made(multipliers=[2, 2]), tmp_path)
