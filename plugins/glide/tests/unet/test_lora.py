"""Low-rank adaptation: nothing at first, little to train, and merged in whatever is read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from framework.errors import UserError
from framework.testing import check_algorithm
from framework.testing.algorithm import train
from framework.testing.sections import build
from framework_glide.building import load, load_folder
from framework_glide.exchange.folder import save
from framework_glide.unet.lora import adapt, merged

SHAPES = {"use": "glide/captioned_shapes", "size": 8, "images": 64, "validation": 8, "held_out": []}
TEXT = {"context": 16, "width": 32, "layers": 1, "heads": 2}
MODEL = {"use": "glide/unet", "multipliers": [1, 1], "channels": 32, "attention": [4], "text": TEXT}
TRAINING = {"use": "glide/denoising", "images": 64, "batch_size": 8, "lr": 1e-2, "precision": "float32"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was trained before."""
    torch.manual_seed(0)
    model = build("model", MODEL, build("environment", SHAPES))
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    folder = tmp_path_factory.mktemp("trained")
    save(model, folder)
    return folder


def answer(model: Any) -> torch.Tensor:
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found: torch.Tensor = model.network.eval()(
            x, torch.tensor([5, 900]), *model.encode(["a red circle", ""])
        )
    return found


def test_an_adapted_network_begins_as_it_was(folder: Path) -> None:
    plain = load_folder(folder)
    adapted = build("model", {**MODEL, "weights": str(folder), "lora_rank": 4}, None)
    torch.testing.assert_close(answer(adapted), answer(plain), rtol=1e-5, atol=1e-6)
    trained = [name for name, p in adapted.network.named_parameters() if p.requires_grad]
    assert trained and all(name.endswith((".up", ".down")) for name in trained)
    # Three attention layers and one of the text's: queries, keys and values; what follows; the caption's.
    assert len(trained) == 2 * (3 * len(adapted.network._attentions) + 2)


def test_only_the_matrices_learn_and_a_checkpoint_is_read_as_any_other(folder: Path, tmp_path: Path) -> None:
    model = {**MODEL, "weights": str(folder), "lora_rank": 2, "lora_alpha": 4}
    trained = train(TRAINING, SHAPES, model, tmp_path, steps=6)
    before, after = load_folder(folder).network.state_dict(), trained.model.network.state_dict()
    kept = {
        name.replace("parametrizations.weight.original", "weight"): value for name, value in after.items()
    }
    for name, value in before.items():
        assert torch.equal(kept[name], value), name
    changed = merged(after)
    assert sorted(changed) == sorted(before)
    moved = [name for name, value in before.items() if not torch.equal(changed[name], value)]
    assert moved and all(
        name.split(".")[-2] in ("qkv", "encoder_kv", "proj_out", "c_qkv", "c_proj") for name in moved
    )
    checkpoint = tmp_path / "trained.ckpt"
    torch.save({"state_dict": trained.state_dict()}, checkpoint)
    torch.testing.assert_close(
        answer(load(checkpoint)), answer(trained.text_to_image()), rtol=1e-4, atol=1e-5
    )
    save(trained.text_to_image(), tmp_path / "saved")
    torch.testing.assert_close(
        answer(load_folder(tmp_path / "saved")), answer(trained.text_to_image()), rtol=1e-4, atol=1e-5
    )


def test_a_resumed_adaptation_equals_an_uninterrupted_one(folder: Path) -> None:
    model = {**MODEL, "weights": str(folder), "lora_rank": 2}
    check_algorithm({**TRAINING, "ema": [0.9]}, environment=SHAPES, model=model, steps=4)


def test_the_product_is_alpha_over_rank_times_its_matrices(folder: Path) -> None:
    network = load_folder(folder).network
    before = network.middle_block[1].qkv.weight.detach().clone()
    adapt(network, rank=3, alpha=6.0)
    layer = network.middle_block[1].qkv.parametrizations.weight[0]
    with torch.no_grad():
        layer.up.normal_()
    expected = before + (2 * layer.up @ layer.down)[:, :, None]
    torch.testing.assert_close(network.middle_block[1].qkv.weight, expected)


def test_without_weights_there_is_nothing_to_adapt() -> None:
    with pytest.raises(UserError, match="lora_rank: there are no weights to adapt"):
        build("model", {**MODEL, "lora_rank": 4}, build("environment", SHAPES))
