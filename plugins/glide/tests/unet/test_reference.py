"""The same numbers as the published implementation, from the same weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from framework_glide.unet.embedding import timestep_embedding
from framework_glide.unet.network import TextUNet
from framework_glide.unet.released import options_from_reference

CLOSE: dict[str, Any] = {"rtol": 0, "atol": 2e-5}


@pytest.fixture(scope="module")
def base(reference: Path) -> dict[str, torch.Tensor]:
    with np.load(reference / "models" / "base.npz") as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored.files if name != "config_json"}


@pytest.fixture(scope="module")
def network(reference: Path, base: dict[str, torch.Tensor]) -> TextUNet:
    with np.load(reference / "models" / "base.npz") as stored:
        options = options_from_reference(json.loads(str(stored["config_json"])))
    network = TextUNet(options)
    network.load_state_dict({name[3:]: value.float() for name, value in base.items() if name[:3] == "sd/"})
    return network.eval()


@torch.no_grad()
def test_forward(network: TextUNet, base: dict[str, torch.Tensor]) -> None:
    inputs = (base["in/x"], base["in/timesteps"], base["in/tokens"], base["in/mask"])
    torch.testing.assert_close(network(*inputs), base["out/y"], **CLOSE)


@torch.no_grad()
def test_text(network: TextUNet, base: dict[str, torch.Tensor]) -> None:
    text = network.encode_text(base["in/tokens"], base["in/mask"])
    torch.testing.assert_close(text.pooled, base["out/xf_proj"], **CLOSE)
    torch.testing.assert_close(text.states, base["out/xf_out"], **CLOSE)


@pytest.mark.parametrize("width", [32, 33, 192])
def test_timestep_embedding(reference: Path, width: int) -> None:
    with np.load(reference / "diffusion.npz") as stored:
        timesteps = torch.from_numpy(stored[f"timestep_embedding/{width}/t"])
        expected = torch.from_numpy(stored[f"timestep_embedding/{width}/emb"])
    torch.testing.assert_close(timestep_embedding(timesteps, width), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["base", "upsample", "base-inpaint", "upsample-inpaint"])
def test_released_layouts(reference: Path, name: str) -> None:
    released = json.loads((reference / "state_dict_shapes.json").read_text("utf-8"))[name]
    with torch.device("meta"):
        network = TextUNet(options_from_reference(released["options"]))
    ours = {name: list(value.shape) for name, value in network.state_dict().items()}
    assert list(ours.items()) == list(released["state_dict"].items())
