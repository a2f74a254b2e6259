"""One stage of a recipe: build, fit, evaluate, each skipped if it is already done."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.exceptions import SIGTERMException

from framework.building import is_table
from framework.callbacks import (
    Clock,
    ShowProgress,
    StopOnDivergence,
    StopOnSignal,
    Watch,
    ended_by_time,
    evaluating,
    progress_of,
)
from framework.clipping import ClipGradients
from framework.contracts import HasProgress, KeepsWork, Monitor, Producer, Progress, Servable
from framework.errors import UserError
from framework.extensions import (
    LOOKS,
    best_checkpoint,
    build_extensions,
    check_monitors,
    is_of_early_stopping,
    why_stopped,
)
from framework.interruption import Interrupted, Interruption
from framework.progress import FILE, Bar
from framework.quiet import quiet_lightning
from framework.report import Report
from framework.resumption import Resumption
from framework.runs import is_first_process
from framework.runs.checkpoints import (
    CheckedCheckpointIO,
    CheckpointWriter,
    checkpoints,
    is_whole,
    load_checkpoint,
    newest_whole,
)
from framework.runs.names import in_words, proper_name
from framework.runs.tracker import Tracker, TrackerLogger
from framework.shards import MANIFEST
from framework.threads import usable_threads

if TYPE_CHECKING:
    from framework.component import Kind
    from framework.recipe import CheckpointRef, Stage, Use
    from framework.runs import Run

log = logging.getLogger("framework")

#: Where the checkpoints of a recipe's own callbacks lie, below those that resuming needs.
KEPT = "kept"


@dataclass
class Built:
    """The objects a stage's recipe describes."""

    environment: Any
    model: Any
    algorithm: Any  # the model itself in a stage that only evaluates, the output in one that produces


class StageRunner:
    """Runs one stage of a run.

    Args:
        stage: what to do.
        key: its name within the run; "" for the only stage of a recipe without stages.
        run: where the state is kept.
        tracker: where results go; None on all but the first process of a distributed run.
        experiment_id: MLflow experiment, for the model.
        resolve: finds the file of a `${checkpoint:...}`.
        log_models: whether trained models go to MLflow.
        quiet: no progress line.
    """

    def __init__(
        self,
        stage: Stage,
        key: str,
        run: Run,
        tracker: Tracker | None,
        experiment_id: str,
        resolve: Callable[[CheckpointRef], Path],
        log_models: bool = True,
        quiet: bool = False,
    ) -> None:
        self.stage = stage
        self.run = run
        self.key = key
        self.state = run.stage(key)
        self.folder = run.stage_folder(key)
        self.tracker = tracker
        self.experiment_id = experiment_id
        self.resolve = resolve
        self.log_models = log_models
        self._own_environments: dict[str, Any] = {}
        file = None if tracker is None else self.folder / FILE
        self.bar = Bar(key, shown=not quiet and is_first_process(), file=file)

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def run_all(self, interruption: Interruption) -> dict[str, Report]:
        """Train what is not trained, evaluate what is not evaluated; return the new reports."""
        final = self.checkpoints / self.state.checkpoint
        if self.state.checkpoint and not is_whole(final, training=False):
            log.warning("checkpoint %s is truncated or altered; training goes on from the one before", final)
            self.state.checkpoint = ""
        if not is_first_process() and (self.stage.algorithm is None or self.state.checkpoint):
            return {}  # only to train does the first process need others
        built = self.build()
        try:
            if self.state.checkpoint:
                self.restore(built, watches=True)
            elif self.stage.algorithm is not None:
                self.fit(built, interruption)
                if KEPT in self.state.checkpoint:
                    self.restore(built)  # the best weights rather than the last
            elif self.stage.produces and not self.state.produced:
                self.produce(built.environment, interruption)
        finally:
            self.bar.end()
        if not is_first_process():
            return {}
        logged = not self.log_models or self.log_model(built)
        reports = self.evaluate(built)
        self.state.finished = logged  # if not, resuming logs it
        self.run.save()
        return reports

    def build(self) -> Built:
        """Seed everything and build environment, model and algorithm."""
        torch.set_num_threads(self.threads())
        pl.seed_everything(self.stage.seed, workers=True, verbose=False)
        environment = self._make(self.stage.environment)
        if is_table(environment):
            self.evaluation_environment = deepcopy(environment)  # of what it says of its rows, not of them
        if self.stage.produces:
            return Built(environment, None, self.run.output(self.key))
        model = self._make(self.stage.model, environment)
        if self.stage.algorithm is None:
            return Built(environment, model, model)
        return Built(environment, model, self._make(self.stage.algorithm, environment, model))

    def threads(self) -> int:
        """Threads of torch: as many as this stage began with, on whose number the last digits depend."""
        asked = self.stage.trainer.threads
        if self.state.threads_asked != asked:
            self.state.threads_asked, self.state.threads = asked, usable_threads(asked)
        return self.state.threads

    def fit(self, built: Built, interruption: Interruption) -> None:
        """Train to the end, from the newest whole checkpoint if there is one."""
        algorithm = built.algorithm
        assert isinstance(algorithm, pl.LightningModule)
        settings = self.stage.trainer
        start = newest_whole(self.checkpoints, log.warning)
        if self.state.longer and start is None:
            raise UserError(f"there is no whole checkpoint in {self.checkpoints} to train longer from")
        clock = Clock()
        writer = CheckpointWriter(
            self.checkpoints, settings.checkpoint_seconds, settings.checkpoint_every, settings.keep
        )
        watches = self._watches()
        callbacks: list[pl.Callback] = [
            clock,
            Resumption(self.state.longer),
            StopOnDivergence(writer),
            *watches,
            StopOnSignal(interruption),
            *build_extensions(settings.callbacks, pl.Callback, self.checkpoints / KEPT, self.resolve),
        ]
        check_monitors(callbacks, [watch.name for watch in watches if watch.monitor.every])
        if is_first_process():
            callbacks.append(ShowProgress(self.bar))
        try:
            with quiet_lightning(), interruption.defer():
                trainer = self._trainer(algorithm, clock, [*callbacks, writer])
                if trainer.world_size == 1 and not is_first_process():
                    return  # an earlier stage had need of this process, this one has not
                trainer.fit(algorithm, ckpt_path=start, weights_only=False)
        except SIGTERMException:  # Lightning's own answer, a SystemExit
            raise Interrupted(signal.SIGTERM) from None
        except (MisconfigurationException, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not is_of_early_stopping(error):
                raise
            raise UserError(f"Lightning refuses these trainer settings: {error}") from error
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            # The other processes end here; left open, the group aborts them at exit. The next one
            # has another name: torchrun's store still has this one's addresses.
            groups = torch.distributed.distributed_c10d._world
            count = groups.group_count
            torch.distributed.destroy_process_group()
            groups.group_count = count
        # Killed right after its last step, a run finds nothing left to train.
        if why := why_stopped(callbacks, progress_of(trainer, algorithm)):
            log.info(why)
        last = writer.path or start
        assert last is not None
        self.state.checkpoint = best_checkpoint(callbacks, self.checkpoints) or last.name
        self.state.longer = False
        self.state.limit = "trainer.max_time" if ended_by_time(trainer, algorithm) else ""
        self.run.save()

    def produce(self, producer: Any, interruption: Interruption) -> None:
        """Let the environment make its data, on from where an earlier process left off."""
        assert self.stage.environment is not None
        if not isinstance(producer, Producer):
            title = self.stage.environment.component.title
            raise UserError(f"{title} is said to produce data, and has no produce(folder, progress)")
        clock = Clock()
        clock.start()
        self.bar.begin("production")

        def progress(now: Progress) -> None:
            self.bar.show(now, final=bool(now.total) and now.done >= now.total)
            if self.tracker is not None:
                self.tracker.metrics({"produced": now.done, **clock.metrics()}, now.done)
            if interruption.signum:
                raise Interrupted(interruption.signum)

        folder = self.run.output(self.key)
        folder.mkdir(parents=True, exist_ok=True)
        with interruption.defer():
            producer.produce(folder, progress)
        if self.tracker is not None and (folder / MANIFEST).exists():
            self.tracker.artifacts(folder / MANIFEST, "output")
        self.state.produced = True
        self.run.save()

    def _trainer(
        self, algorithm: pl.LightningModule, clock: Clock, callbacks: list[pl.Callback]
    ) -> pl.Trainer:
        settings = self.stage.trainer
        clip = settings.gradient_clip_val
        if clip is not None and not algorithm.automatic_optimization:
            callbacks, clip = [ClipGradients(clip, settings.gradient_clip_algorithm), *callbacks], None
        return pl.Trainer(
            accelerator=settings.accelerator,
            devices=settings.devices,
            num_nodes=settings.num_nodes,
            strategy=settings.strategy,
            precision=settings.precision,
            deterministic=settings.deterministic,
            gradient_clip_val=clip,
            gradient_clip_algorithm=settings.gradient_clip_algorithm,
            max_time=settings.max_time,
            max_epochs=settings.max_epochs,
            callbacks=callbacks,
            plugins=[CheckedCheckpointIO()],
            logger=self._loggers(algorithm, clock),
            log_every_n_steps=1,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=self.folder,
        )

    def restore(self, built: Built, path: Path | None = None, watches: bool = False) -> None:
        """Load a checkpoint's weights into the algorithm, but not what only training needs.

        Args:
            built: whose algorithm.
            path: the checkpoint; the final one by default.
            watches: also what the evaluators saw during the training.
        """
        if not isinstance(built.algorithm, pl.LightningModule):
            return
        checkpoint = load_checkpoint(path or self.checkpoints / self.state.checkpoint, training=False)
        built.algorithm.on_load_checkpoint(checkpoint)
        built.algorithm.load_state_dict(checkpoint["state_dict"])
        if not watches:
            return
        if KEPT in self.state.checkpoint:  # evaluators have seen the whole training
            whole = (path for path in checkpoints(self.checkpoints) if is_whole(path, training=False))
            if newest := next(whole, None):
                checkpoint = load_checkpoint(newest, training=False)
        self._evaluators_load(checkpoint)

    def log_model(self, built: Built) -> bool:
        """Log the trained model to MLflow, once, if there is one to serve.

        Returns:
            False if it has to be tried again.
        """
        algorithm = built.algorithm
        if self.tracker is None or self.state.model_logged or not isinstance(algorithm, Servable):
            return True
        try:
            served = algorithm.served()
        except UserError as error:
            log.info("no model is logged: %s", error)
            return True
        self.state.model_logged = self.tracker.model(served, self.experiment_id)
        self.run.save()
        return self.state.model_logged

    def evaluate(self, built: Built) -> dict[str, Report]:
        """Run the evaluators that have no report yet; keep each report as soon as it is there."""
        reports = {}
        for name in self.evaluators:
            if name in self.state.reports:
                continue
            report = reports[name] = self.judge(name, built)
            publish(report, name, self.folder / "reports" / name, self.tracker, step_of(built.algorithm))
            self.state.reports[name] = {key: float(value) for key, value in report.metrics.items()}
            self.run.save()
        return reports

    def judge(self, name: str, built: Built) -> Report:
        """One evaluator's report, the same whether or not the run was ever interrupted."""
        evaluator, title = self.evaluators[name], self.judges[name].component.title
        environment = self.environment_of(name)
        pl.seed_everything(self.stage.seed, workers=True, verbose=False)
        try:
            with evaluating(built.algorithm), self.bar.evaluating(name):
                report = evaluator(built.algorithm, environment)
        except UserError:
            raise
        except Exception as error:
            if self.stage.algorithm is not None:
                raise
            alone = f"model {self.stage.model.name} alone" if self.stage.model else "where nothing is trained"
            said = f"{title} cannot judge {alone}: {type(error).__name__}: {error}"
            raise UserError(f"{said}\n  name the algorithm that trained it") from error
        if not isinstance(report, Report):
            raise UserError(f"{title} returned a {type(report).__name__}, not a Report")
        report.name_after(in_words(name), self._judged_in(name))
        return report

    def _judged_in(self, evaluator: str) -> str:
        """The environment that an evaluator judges in, as people call it: FetchPush; or ""."""
        use = self.judges[evaluator].environment or self.stage.environment
        return proper_name(use.name) if use is not None else ""

    @cached_property
    def evaluation_environment(self) -> Any:
        """An environment of the evaluators' own, built when it is first needed."""
        return self._make(self.stage.environment)

    def environment_of(self, evaluator: str) -> Any:
        """The environment that an evaluator judges in: its own, or the one that all others share."""
        own = self.judges[evaluator].environment
        if own is None:
            return self.evaluation_environment
        if evaluator not in self._own_environments:
            self._own_environments[evaluator] = self._make(own)
        return self._own_environments[evaluator]

    def _make(self, use: Use | None, *context: Any, near: Callable[[Kind], Any] | None = None) -> Any:
        if use is None:
            return None
        return use.build(*context, seed=self.stage.seed, resolve=self.resolve, near=near)

    @cached_property
    def judges(self) -> dict[str, Use]:
        """The evaluators' sections by name."""
        return self.stage.judges

    @cached_property
    def evaluators(self) -> dict[str, Any]:
        """The evaluators themselves, by name."""
        made = {name: self._make(use, near=self._near(name)) for name, use in self.judges.items()}
        for evaluator in made.values():
            if isinstance(evaluator, KeepsWork):
                evaluator.folder = self.folder / "work"
        return made

    def _near(self, evaluator: str) -> Callable[[Kind], Any]:
        """What the parts of an evaluator are built from."""
        return lambda kind: self.environment_of(evaluator) if kind == "environment" else None

    def _watches(self) -> list[Watch]:
        return [
            Watch(name, evaluator, partial(self.environment_of, name), self._log_watch)
            for name, evaluator in self.evaluators.items()
            if isinstance(evaluator, Monitor)
        ]

    def _evaluators_load(self, checkpoint: dict[str, Any]) -> None:
        for watch in self._watches():
            state = checkpoint.get("callbacks", {}).get(watch.state_key)
            if state is not None:
                watch.load_state_dict(state)

    def _log_watch(self, metrics: dict[str, float], step: int) -> None:
        if self.tracker is not None:
            self.tracker.metrics(metrics, step)
        for name in list(metrics)[:1]:  # the one that matters
            self.bar.seen[name.removeprefix(LOOKS)] = metrics[name]

    def _loggers(self, algorithm: pl.LightningModule, clock: Clock) -> list[Logger]:
        if self.tracker is None:
            return []
        tracker = TrackerLogger(
            self.tracker,
            step=lambda: progress_of(algorithm.trainer, algorithm).done,
            extra=clock.metrics,
        )
        others = self.stage.trainer.loggers
        return [tracker, *build_extensions(others, Logger, self.folder / "logs", self.resolve)]


def publish(report: Report, name: str, folder: Path, tracker: Tracker | None, step: int) -> None:
    """Save an evaluator's report to `folder` and send it to the tracker."""
    again = False
    with contextlib.suppress(OSError, ValueError):  # it is the first, or was being written at a crash
        earlier = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        again = earlier["metrics"] != report.to_dict()["metrics"]  # by other settings
    report.save(folder, title=name)
    if tracker is None:
        return
    tracker.metrics({f"{name}/{key}": float(value) for key, value in report.metrics.items()}, step, again)
    for title, image in report.images.items():
        tracker.image(f"{name}/{title}", image, step)
    tracker.artifacts(folder, f"reports/{name}")


def step_of(algorithm: Any) -> int:
    """Where on the x axis a trained algorithm stands."""
    if isinstance(algorithm, HasProgress):
        return algorithm.progress().done
    return int(getattr(algorithm, "global_step", 0))
