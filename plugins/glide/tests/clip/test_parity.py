"""Against the released implementation's tensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.clip.encoders import DEVIATIONS, MEANS, ImageEncoder, TextEncoder
from framework_glide.clip.loading import IMAGE_FILE, TEXT_FILE, from_released, load
from framework_glide.clip.model import NoisedCLIP
from framework_glide.clip.options import NoisedCLIPOptions
from framework_glide.text.learned import learn
from framework_glide.text.tokenizer import Layout, Tokenizer

CLOSE = {"rtol": 0, "atol": 2e-5}


class Facts:
    def __init__(self, path: Path) -> None:
        stored = np.load(path)
        self.config: dict[str, Any] = json.loads(str(stored["config_json"]))
        self.tensors = {
            name: torch.from_numpy(stored[name]) for name in stored.files if name != "config_json"
        }

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def state(self, part: str) -> dict[str, Tensor]:
        prefix = f"sd/{part}."
        return {k.removeprefix(prefix): v.float() for k, v in self.tensors.items() if k.startswith(prefix)}


@pytest.fixture(scope="module")
def facts(reference: Path) -> Facts:
    return Facts(reference / "models" / "clip.npz")


@pytest.fixture(scope="module")
def model(facts: Facts) -> NoisedCLIP:
    tokenizer = Recorded(facts["in/tokens"], facts["in/lens"])
    return from_released(facts.state("text"), facts.state("image"), tokenizer, head_width=8)


class Recorded(Tokenizer):
    """Gives the recorded tokens, whatever is asked."""

    def __init__(self, tokens: Tensor, lengths: Tensor) -> None:
        self.layout = Layout(vocab_size=64, pad=0, start=1, end=2)
        self.recorded = tokens, torch.arange(tokens.shape[1]) < lengths[:, None]

    def encode(self, prompts: Any, length: int) -> tuple[Tensor, Tensor]:
        return self.recorded


def test_channel_statistics_are_the_recorded_ones(facts: Facts) -> None:
    assert facts.config["image_channel_means"] == pytest.approx(MEANS)
    assert facts.config["image_channel_stds"] == pytest.approx(DEVIATIONS)


def test_options_are_read_from_the_weights(facts: Facts, model: NoisedCLIP) -> None:
    assert model.options == NoisedCLIPOptions.from_reference(facts.config)


@torch.no_grad()
def test_embeddings_and_logits(facts: Facts, model: NoisedCLIP) -> None:
    x, t = facts["in/x"], facts["in/t"]
    torch.testing.assert_close(
        model.text(facts["in/tokens"], facts["in/lens"]), facts["out/text_raw"], **CLOSE
    )
    torch.testing.assert_close(model.image(x, t), facts["out/image_raw"], **CLOSE)
    torch.testing.assert_close(model.encode_text([]), facts["out/text_norm"], **CLOSE)
    torch.testing.assert_close(model.encode_image(x, t), facts["out/image_norm"], **CLOSE)
    torch.testing.assert_close(model(x, t, []), facts["out/logits"], rtol=0, atol=1e-4)
    cosines = (facts["out/text_norm"] * facts["out/image_norm"]).sum(1)
    torch.testing.assert_close(model.similarity(x, t, []), cosines, **CLOSE)


def test_guidance(facts: Facts, model: NoisedCLIP) -> None:
    gradient = model.guidance([], factor=float(facts["in/grad_scale"]))(facts["in/x"], facts["in/t"])
    expected = facts["out/cond_fn"]
    torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=2e-5 * expected.abs().max().item())


@pytest.mark.parametrize(
    ("part", "encoder"), [("clip/text-enc", TextEncoder), ("clip/image-enc", ImageEncoder)]
)
def test_released_layout(reference: Path, part: str, encoder: type[TextEncoder | ImageEncoder]) -> None:
    released = json.loads((reference / "state_dict_shapes.json").read_text())[part]
    with torch.device("meta"):
        state = encoder(NoisedCLIPOptions.from_reference(released["options"])).state_dict()
    assert [(name, list(value.shape)) for name, value in state.items()] == list(
        released["state_dict"].items()
    )
    assert len(state) == released["tensors"]
    assert sum(value.numel() for value in state.values()) == released["parameters"]


def test_a_folder_of_released_files(facts: Facts, reference: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no vocabulary"):
        load(tmp_path)
    vocabulary = reference / "vocab"
    with pytest.raises(UserError, match=TEXT_FILE):
        load(tmp_path, vocabulary)
    for name in (TEXT_FILE, IMAGE_FILE):
        torch.save(facts.state("text"), tmp_path / name)
    with pytest.raises(UserError, match="not the encoders"):
        load(tmp_path, vocabulary)
    torch.save(facts.state("image"), tmp_path / IMAGE_FILE)
    with pytest.raises(UserError, match="49408 tokens, the embedding 64 rows"):
        load(tmp_path, vocabulary)


def test_weights_that_are_not_cut_into_such_heads(facts: Facts) -> None:
    with pytest.raises(UserError, match="not the encoders"):
        from_released(facts.state("text"), {}, learn([], 257))
