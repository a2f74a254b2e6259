"""Training of denoisers: resumed exactly, the whole batch's gradients, and something is learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from framework.errors import UserError
from framework.testing import check_algorithm
from framework.testing.algorithm import train
from framework.testing.fixtures import Fit
from framework.testing.sections import build
from framework_glide.training.batch import collate

SHAPES = {"use": "glide/captioned_shapes", "size": 8, "images": 96, "validation": 8, "held_out": []}
TEXT = {"context": 16, "width": 32, "layers": 1, "heads": 2}
SMALL = {"multipliers": [1, 1], "channels": 32, "text": TEXT}
BASE = {"use": "glide/unet", "attention": [4], **SMALL}
MASKED = {**BASE, "inpaint": True}
UPSAMPLER = {"use": "glide/upsampler", "attention": [4], "factor": 2, **SMALL}
BRIEF = {"images": 96, "batch_size": 8}


@pytest.mark.parametrize(
    ("name", "model", "streaming"),
    [("denoising", BASE, True), ("inpainting", MASKED, False), ("upsampling", UPSAMPLER, False)],
    ids=["base", "inpaint", "upsample"],
)
def test_a_resumed_training_equals_an_uninterrupted_one(
    name: str, model: dict[str, Any], streaming: bool
) -> None:
    environment = {**SHAPES, "streaming": streaming}
    check_algorithm({"use": f"glide/{name}", **BRIEF}, environment=environment, model=model)


def test_an_upsampler_learns_to_fill_in_too() -> None:
    model = {**UPSAMPLER, "inpaint": True}
    check_algorithm({"use": "glide/inpainting", **BRIEF}, environment=SHAPES, model=model, steps=4)


def made(model: dict[str, Any] = BASE, name: str = "denoising", **parameters: Any) -> Any:
    environment = build("environment", SHAPES)
    network = build("model", model, environment)
    with torch.no_grad():  # the last convolution begins with zeros, behind which nothing has a gradient
        torch.nn.init.normal_(network.network.out[2].weight, std=0.1)
    return build("algorithm", {"use": f"glide/{name}", **BRIEF, **parameters}, environment, network)


def test_two_processes_make_the_update_of_one_with_twice_the_batch(monkeypatch: Any) -> None:
    draws = []

    def gradients(world: int, rank: int) -> list[Any]:
        torch.manual_seed(0)
        algorithm = made(precision="float32", batch_size=8 // world)
        for key, value in {"world_size": world, "global_rank": rank}.items():
            monkeypatch.setattr(type(algorithm), key, value)
        algorithm.manual_backward = lambda loss: loss.backward()

        def still(batch: Any, generator: torch.Generator) -> dict[str, torch.Tensor]:
            draws.append(torch.rand(4, generator=generator))
            tokens, mask = algorithm.model.encode(batch.rows["caption"])
            output = algorithm.learned(batch.images, torch.full((len(batch.images),), 500), tokens, mask)
            return {"loss": output.square().mean()}

        monkeypatch.setattr(algorithm, "loss", still)
        algorithm.accumulate()
        return [p.grad for p in algorithm.learned.parameters() if p.grad is not None]

    # DDP takes the mean over processes.
    shares = list(zip(gradients(2, 0), gradients(2, 1), strict=True))
    for whole, (one, other) in zip(gradients(1, 0), shares, strict=True):
        torch.testing.assert_close((one + other) / 2, whole, rtol=0, atol=1e-6 * max(1, whole.abs().max()))
    assert not torch.equal(draws[0], draws[1]), "both draw the same noise"


@pytest.mark.parametrize("micro_batch", [1, 3, 8])
def test_micro_batches_give_the_gradients_of_the_whole_batch(micro_batch: int, monkeypatch: Any) -> None:
    algorithm = made(micro_batch=micro_batch, precision="float32")
    algorithm.manual_backward = lambda loss: loss.backward()

    # The same noise and timestep for every picture, however they are cut.
    def still(batch: Any, generator: torch.Generator) -> dict[str, torch.Tensor]:
        x0 = batch.images
        tokens, mask = algorithm.model.encode(batch.rows["caption"])
        output = algorithm.learned(x0, torch.full((len(x0),), 500), tokens, mask)
        return {"loss": output.square().mean()}

    monkeypatch.setattr(algorithm, "loss", still)
    found = algorithm.accumulate()
    ours = [p.grad.clone() for p in algorithm.learned.parameters() if p.grad is not None]
    algorithm.zero_grad()
    algorithm.supply.load_state_dict({"position": 0})
    whole = still(collate(algorithm.supply.take(8)), torch.Generator())["loss"]
    whole.backward()
    assert found["loss"] == pytest.approx(whole.item(), rel=1e-5)
    theirs = [p.grad for p in algorithm.learned.parameters() if p.grad is not None]
    assert len(ours) == len(theirs) > 50
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-6)


def test_the_loss_is_the_one_of_its_parts() -> None:
    algorithm = made()
    batch = collate(algorithm.supply.take(64))
    terms = algorithm.loss(batch, torch.Generator().manual_seed(0))
    assert terms["loss"].item() == pytest.approx((terms["mse"] + terms["vb"]).item())
    algorithm.config = replace(algorithm.config, min_snr=5.0)
    weighed = algorithm.loss(batch, torch.Generator().manual_seed(0))
    assert weighed["loss"] < terms["loss"]
    assert weighed["mse"].item() == pytest.approx(terms["mse"].item())


@pytest.mark.parametrize(("share", "empty"), [(0.0, 0), (1.0, 64)])
def test_captions_are_left_out(share: float, empty: int, monkeypatch: Any) -> None:
    algorithm = made(caption_dropout=share)
    seen: list[str] = []
    encode = algorithm.model.encode
    monkeypatch.setattr(algorithm.model, "encode", lambda prompts: (seen.extend(prompts), encode(prompts))[1])
    algorithm.loss(collate(algorithm.supply.take(64)), torch.Generator())
    assert seen.count("") == empty


def test_averages_follow_and_are_sampled_from(tmp_path: Any) -> None:
    trained = train({"use": "glide/denoising", **BRIEF}, SHAPES, BASE, tmp_path, steps=12)
    assert len(trained.averages.copies) == 2
    sampled = trained.text_to_image()
    assert sampled.network is trained.averages.of(0.999)
    assert int(trained.averages.updates) == 12
    plain, average = (dict(n.named_parameters()) for n in (trained.model.network, sampled.network))
    assert all(not torch.equal(plain[name], average[name]) for name in plain if plain[name].dim() > 1)
    assert sampled.tokenizer is trained.model.tokenizer


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Found .* in eval mode")  # the averages are
def test_noise_is_learned(framework_fit: Fit) -> None:
    environment = build("environment", SHAPES)
    settings = {"use": "glide/denoising", "images": 3200, "batch_size": 16, "lr": 2e-3, "warmup_steps": 10}
    trained = build("algorithm", settings, environment, build("model", BASE, environment))
    framework_fit(trained)
    batch = collate(trained.supply.take(64))
    after = trained.loss(batch, torch.Generator().manual_seed(0))["mse"].item()
    before = made().loss(batch, torch.Generator().manual_seed(0))["mse"].item()
    assert before > 0.9
    assert after < 0.35


def test_sizes_that_do_not_fit_are_refused() -> None:
    environment = build("environment", {**SHAPES, "size": 16})
    model = build("model", {**BASE, "size": 8}, environment)
    algorithm = build("algorithm", {"use": "glide/denoising", **BRIEF}, environment, model)
    with pytest.raises(UserError, match="images are 16 px wide and the model's 8"):
        algorithm.accumulate()


def test_inpainting_needs_a_model_that_sees_masks() -> None:
    with pytest.raises(UserError, match=r"model\.inpaint"):
        made(name="inpainting")


def test_upsampling_needs_an_upsampler() -> None:
    with pytest.raises(UserError, match="enlarges nothing"):
        made(name="upsampling")


def test_an_upsampler_sees_a_smaller_image_that_is_blurred_and_noised() -> None:
    algorithm = made(UPSAMPLER, "upsampling", blur=0.0, low_noise=0.0)
    x0 = collate(algorithm.supply.take(64)).images
    plain = algorithm.conditions(x0, torch.Generator().manual_seed(0))["low_res"]
    torch.testing.assert_close(plain, torch.nn.functional.avg_pool2d(x0, 2))
    changed = made(UPSAMPLER, "upsampling", blur=1.0, low_noise=0.2)
    seen = changed.conditions(x0, torch.Generator().manual_seed(0))["low_res"]
    assert seen.shape == plain.shape
    assert 0.01 < (seen - plain).abs().mean() < 0.3
