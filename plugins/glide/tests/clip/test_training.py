from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from datasets import DatasetDict
from lightning.pytorch import Trainer

from framework.errors import UserError
from framework.quiet import quiet_lightning
from framework_glide.clip.evaluator import ClipAccuracy
from framework_glide.clip.evaluator_config import ClipAccuracyConfig
from framework_glide.clip.loading import build, load
from framework_glide.clip.training import Contrastive, clip_of
from framework_glide.clip.training_config import ContrastiveConfig
from framework_glide.training.batch import Batch

from .conftest import SMALL

BRIEF = ContrastiveConfig(images=64 * 120, batch_size=64, lr=5e-3, warmup_steps=10, ema=(0.9,))
LOOK = ClipAccuracyConfig(images=96, candidates=32, timesteps=(0, 500, 999))


def trained(
    environment: DatasetDict, config: ContrastiveConfig, checkpoint: Path | None = None
) -> Contrastive:
    torch.manual_seed(0)
    algorithm = Contrastive(environment, build(environment, SMALL), config)
    with quiet_lightning():
        trainer = Trainer(
            accelerator="cpu",
            max_epochs=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(algorithm)
        if checkpoint is not None:
            trainer.save_checkpoint(checkpoint)
    return algorithm.eval()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clip") / "last.ckpt"


@pytest.fixture(scope="module")
def algorithm(environment: DatasetDict, checkpoint: Path) -> Contrastive:
    return trained(environment, BRIEF, checkpoint)


def test_it_learns_what_captions_say_and_noise_hides_it(
    algorithm: Contrastive, environment: DatasetDict
) -> None:
    report = ClipAccuracy(LOOK)(algorithm, environment)
    clean, half, noise = (report.metrics[f"clip/accuracy_t{t}"] for t in (0, 500, 999))
    assert clean > 0.9
    assert half > 0.6
    assert report.metrics["clip/accuracy"] == pytest.approx((clean + half + noise) / 3)
    (table,) = report.tables.values()
    assert [row[0] for row in table.rows] == [0, 500, 999]
    assert noise < table.rows[0][4] + 0.2


def test_a_checkpoint_alone_gives_the_average_back(
    algorithm: Contrastive, checkpoint: Path, environment: DatasetDict
) -> None:
    loaded = load(checkpoint)
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    assert algorithm.clip() is not algorithm.model
    prompts = ["red over blue", "green over white"]
    assert torch.equal(loaded.encode_text(prompts), algorithm.clip().encode_text(prompts))
    again = ClipAccuracy(LOOK)(loaded, environment).metrics
    assert (
        again
        == ClipAccuracy(LOOK)(algorithm, environment).metrics
        == ClipAccuracy(LOOK).monitor(loaded, environment)
    )
    further = build(environment, dataclasses.replace(SMALL, weights=checkpoint))
    assert further.training and all(p.requires_grad for p in further.parameters())


def test_without_noise_it_sees_clean_pictures(environment: DatasetDict) -> None:
    plain = Contrastive(environment, build(environment, SMALL), dataclasses.replace(BRIEF, noised=False))
    images = torch.rand(4, 3, 8, 8)
    x, t = plain.noisy(images, torch.Generator())
    assert torch.equal(x, images) and not t.any()


def test_noise_levels_are_spread_evenly(environment: DatasetDict) -> None:
    noised = Contrastive(environment, build(environment, SMALL), BRIEF)
    x, t = noised.noisy(torch.zeros(1000, 3, 8, 8), torch.Generator().manual_seed(0))
    assert torch.equal(t, torch.arange(1000))
    expected = noised.diffusion.sqrt_one_minus_alphas_cumprod
    spread = x.flatten(1).std(dim=1).double()
    torch.testing.assert_close(spread[500:].mean(), torch.tensor(expected[500:].mean()), rtol=0.02, atol=0)


def test_cleaner_levels_can_come_oftener(environment: DatasetDict) -> None:
    config = dataclasses.replace(BRIEF, timestep_power=2.0)
    algorithm = Contrastive(environment, build(environment, SMALL), config)
    _, t = algorithm.noisy(torch.zeros(1000, 3, 8, 8), torch.Generator().manual_seed(0))
    assert t.double().mean() == pytest.approx(1000 / 3, abs=2)


def test_the_scale_keeps_below_its_limit(environment: DatasetDict) -> None:
    algorithm = Contrastive(environment, build(environment, SMALL), BRIEF)
    with torch.no_grad():
        algorithm.model.log_scale.fill_(9.0)
    algorithm.after_step()
    assert float(algorithm.model.scale.detach()) == pytest.approx(100, rel=1e-5)


def test_what_cannot_be_used(algorithm: Contrastive, environment: DatasetDict) -> None:
    with pytest.raises(UserError, match="not a Linear"):
        Contrastive(environment, torch.nn.Linear(1, 1), BRIEF)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="trains no CLIP"):
        clip_of(torch.nn.Linear(1, 1))
    silent = Batch(torch.zeros(2, 3, 8, 8), {})
    with pytest.raises(UserError, match="no column `caption`"):
        algorithm.loss(silent, torch.Generator())
    for changes, message in (
        ({"split": "test"}, "no 'test', only train, validation"),
        ({"candidates": 97}, "97 are more than the 96 pictures"),
        ({"timesteps": (1000,)}, "1000 is not below 1000"),
    ):
        with pytest.raises(UserError, match=message):
            ClipAccuracy(dataclasses.replace(LOOK, **changes))(algorithm, environment)  # type: ignore[arg-type]
