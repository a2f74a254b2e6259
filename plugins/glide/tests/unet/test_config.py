"""Options: their JSON, the released names, sizes, files."""

from __future__ import annotations

import json
import pickle
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from framework.errors import UserError
from framework_glide.checkpoint import read_state
from framework_glide.unet.config import TextOptions, UNetOptions
from framework_glide.unet.network import TextUNet
from framework_glide.unet.released import options_from_reference
from framework_glide.unet.sizes import SIZES
from framework_glide.unet.surgery import see_masks
from framework_glide.unet.weights import load_released, read_weights

TINY = UNetOptions(
    channels=32,
    multipliers=(1, 2),
    blocks=1,
    attention_factors=(),
    head_channels=None,
    text=TextOptions(vocab_size=9, context=3, width=8, layers=0, heads=1),
)
FLAGS = {
    "image_size": 64,
    "num_channels": 192,
    "num_res_blocks": 3,
    "channel_mult": "",
    "num_heads": 1,
    "num_head_channels": 64,
    "num_heads_upsample": -1,
    "attention_resolutions": "32,16,8",
    "dropout": 0.1,
    "text_ctx": 128,
    "xf_width": 512,
    "xf_layers": 16,
    "xf_heads": 8,
    "xf_final_ln": True,
    "xf_padding": True,
    "use_scale_shift_norm": True,
    "resblock_updown": True,
}


def test_options_survive_json() -> None:
    for options in (*SIZES.values(), TINY, replace(TINY, text=None, multipliers=(1, 2))):
        assert UNetOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options


@pytest.mark.parametrize("multipliers", [(1.0, 2.0, 2.5), (1, 2, 2.5)])
def test_multipliers_stay_the_numbers_they_are(multipliers: tuple[float, ...]) -> None:
    options = replace(TINY, channels=64, multipliers=multipliers)
    found = UNetOptions.from_dict(json.loads(json.dumps(options.to_dict()))).multipliers
    assert repr(found) == repr(multipliers)


def test_unknown_option() -> None:
    with pytest.raises(UserError, match="chanels"):
        UNetOptions.from_dict({"chanels": 32})


def test_released_flags() -> None:
    assert options_from_reference(FLAGS) == SIZES["base"]
    large = {**FLAGS, "image_size": 256, "num_res_blocks": 2, "super_res": True, "inpaint": True}
    assert options_from_reference(large) == replace(SIZES["upsampler"], inpaint=True)
    given = options_from_reference({**FLAGS, "channel_mult": "1,2", "attention_resolutions": "32"})
    assert (given.multipliers, given.attention_factors) == ((1, 2), (2,))
    assert options_from_reference({**FLAGS, "xf_width": 0}).text is None


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("Text2ImUNet", (False, False)),
        ("SuperResText2ImUNet", (True, False)),
        ("InpaintText2ImUNet", (False, True)),
        ("SuperResInpaintText2ImUNet", (True, True)),
    ],
)
def test_released_classes(name: str, sees: tuple[bool, bool]) -> None:
    arguments: dict[str, Any] = {
        "cls": name,
        "model_channels": 32,
        "in_channels": 3,
        "out_channels": 6,
        "num_res_blocks": 1,
        "attention_resolutions": [2],
        "channel_mult": [1, 2],
        "num_heads": 2,
        "num_head_channels": -1,
        "num_heads_upsample": 4,
        "xf_width": 0,
    }
    options = options_from_reference(arguments)
    assert (options.low_res, options.inpaint) == sees
    assert options.attention_factors == (2,)
    assert (options.heads_of(64), options.heads_of(64, up=True)) == (2, 4)
    assert not options.scale_shift
    assert not options.residual_resampling


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_size": 100}, "image_size 100"),
        ({"channel_mult": "1,x"}, "x"),
        ({"num_head_channels": 7}, "heads of 7"),
        ({"num_channels": 100}, "multiple of 32"),
        ({"xf_heads": 7}, "7 heads"),
    ],
)
def test_released_flags_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        options_from_reference({**FLAGS, **change})


def test_missing_flag() -> None:
    with pytest.raises(UserError, match="num_res_blocks"):
        options_from_reference({name: value for name, value in FLAGS.items() if name != "num_res_blocks"})


def counts(options: UNetOptions) -> tuple[int, int]:
    """Parameters of the UNet and of the text transformer."""
    with torch.device("meta"):
        network = TextUNet(options)
    names = ("positional", "padding", "transformer", "final_ln", "token_embedding")
    text = sum(p.numel() for name, p in network.named_parameters() if name.startswith(names))
    return sum(p.numel() for p in network.parameters()) - text, text


def test_released_counts() -> None:
    assert counts(SIZES["base"]) == (308_334_918, 76_695_808)
    assert sum(counts(SIZES["upsampler"])) == 398_361_286
    assert sum(counts(replace(SIZES["base"], inpaint=True))) == 385_037_638
    assert sum(counts(replace(SIZES["upsampler"], inpaint=True))) == 398_368_198


def test_the_papers_counts() -> None:
    visual, text = counts(SIZES["paper-base"])
    embedding = 50257 * 2048
    assert visual == pytest.approx(2.3e9, rel=0.03)
    assert text - embedding == pytest.approx(1.2e9, rel=0.02)
    assert visual + text == pytest.approx(3.5e9, rel=0.02)
    assert sum(counts(SIZES["paper-upsampler"])) == pytest.approx(1.5e9, rel=0.03)


def test_surgery_moves_the_low_resolution_channels() -> None:
    options = replace(TINY, low_res=True)
    weights = TextUNet(options).state_dict()
    first = "input_blocks.0.0.weight"
    wide = see_masks(weights, options)[first]
    assert wide.shape[1] == 10
    assert torch.equal(wide[:, :3], weights[first][:, :3])
    assert torch.equal(wide[:, 7:], weights[first][:, 3:])
    assert not wide[:, 3:7].any()
    with pytest.raises(UserError, match="already"):
        see_masks(weights, replace(options, inpaint=True))
    with pytest.raises(UserError, match="6 input channels"):
        see_masks(weights, TINY)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_half_precision_files(tmp_path: Path, suffix: str) -> None:
    network, path = TextUNet(TINY), tmp_path / f"weights{suffix}"
    halves = OrderedDict((name, value.half()) for name, value in network.state_dict().items())
    if suffix == ".pt":
        torch.save(halves, path)
    else:
        pytest.importorskip("safetensors.torch").save_file(dict(halves), path)
    other = TextUNet(TINY)
    load_released(other, path)
    for name, value in other.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, halves[name].float())


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    weights = TextUNet(TINY).state_dict()
    weights["out.3.bias"] = weights.pop("out.2.bias")
    weights["out.0.bias"] = torch.zeros(5)
    torch.save(weights, path)
    with pytest.raises(UserError) as error:
        load_released(TextUNet(TINY), path)
    told = str(error.value)
    assert "weights.pt" in told
    assert "1 missing: out.2.bias" in told
    assert "1 unexpected: out.3.bias" in told
    assert "out.0.bias (5, not 32)" in told


def test_files_that_run_code_are_not_read(tmp_path: Path) -> None:
    torch.save({"x": Path("y")}, tmp_path / "object.pt")
    torch.save({"x": 3}, tmp_path / "number.pt")
    (tmp_path / "text.pt").write_text("no tensors")
    (tmp_path / "text.safetensors").write_text("no tensors")
    torch.save([torch.zeros(1)], tmp_path / "list.pt")
    (tmp_path / "empty.pt").touch()
    (tmp_path / "folder.pt").mkdir()
    (tmp_path / "pickle.pt").write_bytes(pickle.dumps({"x": Path("y")}))
    for path in (*tmp_path.iterdir(), tmp_path / "none.pt"):
        with pytest.raises(UserError, match=path.name):
            read_weights(path)
        if path.suffix == ".pt":
            with pytest.raises(UserError, match=path.name):
                read_state(path, "a glide/unet")
