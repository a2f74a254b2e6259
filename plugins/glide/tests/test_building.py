"""Where a denoiser comes from: an environment, a checkpoint, released weights."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from framework.errors import UserError
from framework.testing import check_model, check_small_run
from framework.testing.algorithm import train
from framework.testing.sections import build
from framework_glide import building
from framework_glide.building import load
from framework_glide.model_config import UNetConfig
from framework_glide.text.byte_alphabet import byte_characters
from framework_glide.unet import weights
from framework_glide.unet.config import TextOptions, UNetOptions
from framework_glide.unet.network import TextUNet
from framework_glide.unet.surgery import FIRST

SHAPES = {"use": "glide/captioned_shapes", "size": 8, "images": 48, "validation": 8, "held_out": []}
TEXT = {"context": 16, "width": 32, "layers": 1, "heads": 2}
UNET = {"use": "glide/unet", "multipliers": [1, 1], "channels": 32, "text": TEXT, "attention": [4]}
BRIEF = {"use": "glide/denoising", "images": 64, "batch_size": 8}


@pytest.mark.parametrize(
    "model", [UNET, {**UNET, "inpaint": True}, {**UNET, "use": "glide/upsampler", "factor": 2}]
)
def test_models_conform(model: dict[str, Any]) -> None:
    check_model(model, environment=SHAPES)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    trained = train(BRIEF, SHAPES, UNET, folder, steps=8)
    path = folder / "it.ckpt"
    torch.save({"state_dict": trained.state_dict()}, path)
    torch.save(trained.averages.of(0.999).state_dict(), folder / "averaged.pt")
    return path


def test_a_checkpoint_brings_everything_with_averaged_weights(checkpoint: Path) -> None:
    model = load(checkpoint)
    expected = torch.load(checkpoint.parent / "averaged.pt")
    assert all(torch.equal(value, expected[name]) for name, value in model.network.state_dict().items())
    assert model.size == 8
    tokens, mask = model.encode(["a red circle"])
    assert 0 < mask.sum() < 8 and model.tokenizer.decode(tokens[0]) == "a red circle"


def test_a_model_without_masks_is_widened(checkpoint: Path) -> None:
    plain, wide = load(checkpoint), load(checkpoint, UNetConfig(inpaint=True))
    assert wide.options == replace(plain.options, inpaint=True)
    x, t = torch.randn(2, 3, 8, 8), torch.tensor([10, 500])
    words = plain.encode(["a red circle", ""])
    with torch.no_grad():
        torch.testing.assert_close(
            plain(x, t, *words), wide(x, t, *words, inpaint_image=x, inpaint_mask=torch.ones(2, 1, 8, 8))
        )


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None])
def test_another_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.ckpt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match="not the checkpoint of a glide/unet"):
        load(path)


@pytest.fixture
def vocabulary(tmp_path: Path) -> Path:
    """Single bytes and one merge."""
    folder = tmp_path / "vocabulary"
    folder.mkdir()
    numbers = {character: i for i, character in enumerate(byte_characters())}
    numbers |= {"re": len(numbers), "<|endoftext|>": len(numbers) + 1}
    with gzip.open(folder / "encoder.json.gz", "wt") as file:
        json.dump(numbers, file)
    with gzip.open(folder / "vocab.bpe.gz", "wt") as file:
        file.write("#version: 0.2\nr e\n")
    return folder


@pytest.fixture
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> dict[str, UNetOptions]:
    """A release of toys."""
    text = TextOptions(vocab_size=258, context=8, width=32, layers=1, heads=2)
    base = UNetOptions(
        channels=32, multipliers=(1, 1), blocks=1, attention_factors=(2,), text=text, head_channels=16
    )
    sizes = {"base": base, "upsampler": replace(base, low_res=True, blocks=2)}
    for module in (building, weights):
        monkeypatch.setattr(module, "SIZES", sizes)
    return sizes


@pytest.mark.parametrize("kind", ["base", "upsampler"])
@pytest.mark.parametrize("inpaint", [False, True])
@pytest.mark.parametrize("widen", [False, True])
def test_released_weights_are_recognised(
    small_sizes: dict[str, UNetOptions],
    vocabulary: Path,
    tmp_path: Path,
    kind: str,
    inpaint: bool,
    widen: bool,
) -> None:
    released = TextUNet(replace(small_sizes[kind], inpaint=inpaint))
    path = tmp_path / "released.pt"
    torch.save({name: value.half() for name, value in released.state_dict().items()}, path)
    section = {"use": "glide/unet", "weights": str(path), "vocabulary": str(vocabulary), "inpaint": widen}
    model = build("model", section, None)
    assert model.options.inpaint == (inpaint or widen)
    assert model.options.low_res == (kind == "upsampler")
    assert model.images.low_size == (64 if kind == "upsampler" else None)
    for name, value in model.network.state_dict().items():
        expected = released.state_dict()[name].half().float()
        if name == FIRST and widen and not inpaint:
            assert torch.equal(value[:, :3], expected[:, :3])
            assert value[:, 3:7].abs().max() == 0
        else:
            assert torch.equal(value, expected)


def test_released_weights_need_their_vocabulary_and_their_shapes(
    small_sizes: dict[str, UNetOptions], vocabulary: Path, tmp_path: Path
) -> None:
    path = tmp_path / "released.pt"
    torch.save(TextUNet(replace(small_sizes["base"], blocks=3)).state_dict(), path)
    with pytest.raises(UserError, match="need the vocabulary"):
        build("model", {"use": "glide/unet", "weights": str(path)}, None)
    with pytest.raises(UserError, match="not of a released size"):
        section = {"use": "glide/unet", "weights": str(path), "vocabulary": str(vocabulary)}
        build("model", section, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attention": [5]}, "no level of the network is 5 px wide; they are 8, 4"),
        ({"channels": 20}, "not a multiple of 8"),
        ({"preset": "base"}, "vocabulary"),
    ],
)
def test_what_does_not_fit_is_said(changes: dict[str, Any], message: str) -> None:
    environment = build("environment", SHAPES)
    with pytest.raises(UserError, match=message):
        build("model", {**UNET, **changes}, environment)


def test_a_factor_that_does_not_divide_the_size_is_the_users_error() -> None:
    upsampler = {**UNET, "use": "glide/upsampler", "factor": 3}
    assert "images of 8 px are not 3 times larger" in check_small_run(
        {"environment": SHAPES, "model": upsampler}
    )
