"""Does an algorithm train, and does a resumed training equal an uninterrupted one?"""

from __future__ import annotations

import hashlib
import math
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.quiet import quiet_lightning
from framework.testing.equality import assert_same
from framework.testing.sections import Section, build, seed_everything, title

if TYPE_CHECKING:
    import lightning.pytorch as pl


def check_algorithm(
    algorithm: Section,
    *,
    environment: Section,
    model: Section | None = None,
    steps: int = 4,
    epochs: int = 1,
    seed: int = 0,
) -> None:
    """Check an algorithm by training it.

    It is a `LightningModule` that brings its own training data; training changes its
    parameters and counts its progress; the last checkpoint of a training that was cut in
    the middle (and after its first epoch) and resumed equals that of one that was not, bit
    for bit (but for measured times, under keys that end in `_seconds`), and both see the same
    batches; the served model, where there is one, answers its example.

    Args:
        algorithm: its name, or a section of a recipe, with a budget of more than `steps`
            training steps.
        environment: what it learns in.
        model: what it trains.
        steps: how many training steps to make; half of them before the cut.
        epochs: at most so many passes over its data, like `trainer.max_epochs`.
        seed: of everything random.

    Raises:
        AssertionError: the message says what is wrong.
    """
    name = title(algorithm)
    with tempfile.TemporaryDirectory() as folder:
        parts = algorithm, environment, model
        batches: list[str] = []
        whole = train(*parts, Path(folder) / "whole", steps, seed, epochs=epochs, batches=batches)
        _check_counts(whole, name, steps)
        for cut in sorted({steps // 2, int(min(whole.trainer.num_training_batches, steps))} - {steps}):
            start = Path(folder, "whole", f"step-{cut:09d}.ckpt")
            again: list[str] = []
            resumed = train(*parts, Path(folder) / "resumed", steps, seed, start, epochs, again)
            try:
                _check_same_batches(again, batches[cut:], cut, name)
                _check_same_end(Path(folder), name)
                assert_same(
                    resumed.state_dict(), whole.state_dict(), f"{name}: the parameters of a resumed training:"
                )
            except AssertionError as error:
                if why := _why_unsaved(environment, seed):
                    what = f"{name}: a resumed training starts new episodes"
                    raise AssertionError(f"{what}: {title(environment)} cannot be saved: {why}") from error
                raise
        _check_served(whole, name)


def train(
    algorithm: Section,
    environment: Section,
    model: Section | None,
    folder: Path,
    steps: int,
    seed: int = 0,
    resume: Path | None = None,
    epochs: int = 1,
    batches: list[str] | None = None,
    every: int | None = 1,
) -> pl.LightningModule:
    """Train for some steps, with checkpoints.

    Args:
        algorithm: its name, or a section of a recipe.
        environment: what it learns in.
        model: what it trains, if anything.
        folder: where checkpoints go.
        steps: training steps in all, those before `resume` among them.
        seed: of everything random.
        resume: the checkpoint to start from.
        epochs: passes over its data, at most.
        batches: takes a digest of each batch it trains on.
        every: steps from one checkpoint to the next; None for one at the end alone.

    Returns:
        The algorithm, trained.
    """
    import lightning.pytorch as pl

    from framework.resumption import Resumption
    from framework.runs.checkpoints import CheckedCheckpointIO, CheckpointWriter

    seed_everything(seed)
    built_environment = build("environment", environment, seed=seed)
    built_model = build("model", model, built_environment, seed=seed) if model is not None else None
    built: pl.LightningModule = build("algorithm", algorithm, built_environment, built_model, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    with quiet_lightning():
        trainer = pl.Trainer(
            accelerator="cpu",
            max_epochs=epochs,
            callbacks=[
                Resumption(),
                _stop_after(steps, batches if batches is not None else []),
                CheckpointWriter(folder, seconds=math.inf, every=every, keep=steps + 1),
            ],
            plugins=[CheckedCheckpointIO()],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder,
        )
        trainer.fit(built, ckpt_path=resume, weights_only=False)
    return built


def _stop_after(steps: int, batches: list[str]) -> pl.Callback:
    import torch
    from lightning.pytorch.callbacks import LambdaCallback
    from torch.utils._pytree import tree_leaves

    def note(trainer: pl.Trainer, module: Any, batch: Any, batch_index: int) -> None:
        parts = [
            part.detach().cpu().numpy() if isinstance(part, torch.Tensor) else part
            for part in tree_leaves(batch)
        ]
        try:
            batches.append(hashlib.sha256(pickle.dumps(parts)).hexdigest())
        except Exception:  # something that cannot be compared
            batches.append("")

    def stop(trainer: pl.Trainer, module: Any, outputs: Any, batch: Any, batch_index: int) -> None:
        if trainer.fit_loop.epoch_loop.batch_progress.total.started >= steps:  # type: ignore[attr-defined]
            trainer.should_stop = True

    return LambdaCallback(on_train_batch_start=note, on_train_batch_end=stop)


def _why_unsaved(environment: Section, seed: int) -> str:
    """Why the state of an interactive environment is in no checkpoint; "" where it is."""
    from framework.rl.vector import why_unsaved

    built = build("environment", environment, seed=seed)
    if not hasattr(built, "step"):
        return ""
    built.reset(seed=seed)
    return why_unsaved(built)


def _check_same_batches(found: list[str], expected: list[str], cut: int, name: str) -> None:
    for step, (one, other) in enumerate(zip(found, expected, strict=False), cut + 1):
        assert one == other, (
            f"{name}: the data order is not in the checkpoint: after a cut at step {cut}, step {step} of the "
            "resumed training gets another batch than that of the uninterrupted one; give the loader "
            "`state_dict` and `load_state_dict`, or let its order follow from torch's, NumPy's or Python's "
            "global generator"
        )


def _check_counts(trained: pl.LightningModule, name: str, steps: int) -> None:
    import torch

    from framework.contracts import HasProgress

    made = trained.trainer.fit_loop.epoch_loop.batch_progress.total.completed
    assert made == steps, (
        f"{name}: its data ends after {made} of {steps} training steps; give it a larger budget here"
    )
    assert trained.global_step > 0, (
        f"{name}: global_step is 0 after {steps} training steps: at least one optimiser step of each "
        "has to go through self.optimizers()"
    )
    for key, value in trained.state_dict().items():
        finite = not value.is_floating_point() or bool(torch.isfinite(value).all())
        assert finite, f"{name}: {key} is not finite after {steps} training steps"
    if isinstance(trained, HasProgress):
        progress = trained.progress()
        assert progress.done > 0, f"{name}: progress().done is {progress.done} after {steps} training steps"
        assert progress.total >= progress.done, f"{name}: progress() is {progress}: done is beyond total"
        assert progress.unit, f"{name}: progress() has no unit"


def _check_same_end(folder: Path, name: str) -> None:
    from framework.runs.checkpoints import load_checkpoint

    ends = [max((folder / which).glob("*.ckpt")) for which in ("whole", "resumed")]
    assert ends[0].name == ends[1].name, f"{name}: a resumed training makes another number of steps"
    whole, resumed = (load_checkpoint(end) for end in ends)
    for checkpoint in (whole, resumed):
        checkpoint.pop("loops", None)  # Lightning's own counters, which tell a restart
        for process in checkpoint["resumption"]:
            process.pop("data")  # loaders of others may count differently; the batches were the same
            process.pop("callback_metrics")  # what was logged last, speeds among it
    assert_same(
        _without_times(resumed),
        _without_times(whole),
        f"{name}: the last checkpoint of a resumed training, checkpoint",
    )


def _without_times(state: Any) -> Any:
    """Measured times are never the same twice: keys that end in `_seconds`."""
    if isinstance(state, dict):
        kept = {key: value for key, value in state.items() if not str(key).endswith("_seconds")}
        return {key: _without_times(value) for key, value in kept.items()}
    if isinstance(state, list):
        return [_without_times(value) for value in state]
    return state


def _check_served(trained: Any, name: str) -> None:
    import torch

    from framework.contracts import Servable
    from framework.errors import UserError
    from framework.runs.exporting import inputs_of

    if not isinstance(trained, Servable):
        return
    try:
        served = trained.served()
    except UserError:  # it says that it is not to be exported
        return
    positional, named = inputs_of(served)
    for one in (*positional, *named.values()):
        assert len(one) == 2, f"{name}: served() gives an example of {len(one)} inputs, not 2"
    with torch.no_grad():
        answer = served.module.eval()(*positional, **named)
    for one in answer.values() if isinstance(answer, dict) else (answer,):
        assert torch.isfinite(one).all(), f"{name}: the served model's answer to its example is not finite"
