"""What one does with a trained run: use it, judge it again, watch it."""

from __future__ import annotations

import contextlib
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from lightning.pytorch.utilities.seed import isolate_rng

from framework.callbacks import evaluating
from framework.contracts import Playable, Servable
from framework.errors import UserError
from framework.experiment import Experiment
from framework.interruption import interruptible
from framework.recipe import Recipe, RecipeError
from framework.recipe import load as load_recipe
from framework.recipe.compose import read_option
from framework.recipe.convert import At
from framework.recipe.problems import Findings
from framework.recipe.resolve import STAGE_KEYS
from framework.report import Report
from framework.runs import ROOT, Run, find_run
from framework.runs.checkpoints import SUFFIX
from framework.runs.exporting import write
from framework.runs.note import NOTE, note_of_metrics, sources
from framework.runs.record import PARENT
from framework.runs.store import store_of
from framework.stage import publish, step_of


def evaluate(
    text: str,
    overrides: Iterable[str] = (),
    *,
    root: Path = ROOT,
    stage: str | None = None,
    quiet: bool = False,
) -> dict[str, Report]:
    """Evaluate a trained run again, perhaps with other settings, as a nested MLflow run.

    Args:
        text: run id, start of one, name, folder or `last`.
        overrides: `key=value`, such as `evaluators.0.episodes=1000`; of the chosen stage.
        root: where run folders are.
        stage: which stage; the last by default.
        quiet: no progress line.

    Returns:
        The reports by evaluator, each saved to its `folder`, under `evaluations/` in the run's.
    """
    given = list(overrides)
    found = find_run(text, root)
    which = ["--stage", stage] if stage else []
    command = ["framework", "evaluate", found.state.run_id[:8], *given, *which]
    recipe = _recipe(found, given, stage)
    experiment = Experiment(recipe, found, store_of(found.state.tracking_uri, found.state.run_id), quiet)
    runner = experiment.trained(stage)
    assert experiment.store is not None
    experiment_id = experiment.store.experiment(found.state.experiment)
    tags = {PARENT: found.state.run_id}
    run_id = experiment.store.create_run(experiment_id, f"evaluate {found.state.name}", tags)
    folder = found.folder / "evaluations" / run_id
    reports = {}
    with experiment.tracked(run_id, folder) as tracker, interruptible():
        built = runner.build()
        runner.restore(built)
        for name in runner.evaluators:
            report = reports[name] = runner.judge(name, built)
            publish(report, name, folder / name, tracker, step_of(built.algorithm))
        if tracker is not None:
            metrics = {
                f"{name}/{key}": value for name, one in reports.items() for key, value in one.metrics.items()
            }
            tracker.tags({NOTE: note_of_metrics(metrics, command, sources=sources([runner.stage]))})
    return reports


def load(
    text: str | Path, overrides: Iterable[str] = (), *, root: Path = ROOT, stage: str | None = None
) -> Any:
    """Return what a run has trained, to be used in a program of one's own.

    The environment, the model and the algorithm are built as the recipe says, and have the weights of
    the checkpoint; a replay buffer is not read. What can be called depends on the algorithm: `act` of
    one that plays, `generate` or `sample` of one that makes text or images. Global random generators
    and torch's number of threads stay as they are.

    Args:
        text: run id, start of one, name, folder or `last`; or a checkpoint file in a run's folder,
            also of a run that is not trained to its end.
        overrides: `key=value`, such as `environment.num_envs=1`; of the chosen stage.
        root: where run folders are.
        stage: which stage; the last by default.

    Returns:
        The algorithm in evaluation mode, on the CPU; the model where nothing is trained.

    Raises:
        UserError: there is no such run, or it is not trained to its end.
    """
    path = Path(text)
    checkpoint = path if path.suffix == SUFFIX and path.is_file() else None
    found = find_run(str(text), root) if checkpoint is None else _run_of(path)
    if checkpoint is not None and path.absolute().parents[2].name == "stages":
        stage = path.absolute().parents[1].name
    experiment = Experiment(_recipe(found, overrides, stage), found, None, quiet=True)
    runner = experiment.trained(stage, checkpoint is None)
    if runner.stage.produces:
        raise UserError(f"run {found.state.run_id} has made data here, in {runner.run.output(runner.key)}")
    threads = torch.get_num_threads()
    try:
        with isolate_rng():
            built = runner.build()
            runner.restore(built, checkpoint)
    finally:
        torch.set_num_threads(threads)
    return built.algorithm.eval() if isinstance(built.algorithm, torch.nn.Module) else built.algorithm


def export(text: str | Path, path: Path, *, root: Path = ROOT, stage: str | None = None) -> None:
    """Write what a run has trained to a file that needs no framework.

    Args:
        text: as of `load`.
        path: `.pt2`, for `torch.export.load(path).module()`, or `.onnx`.
        root: where run folders are.
        stage: which stage; the last by default.

    Raises:
        UserError: the algorithm has nothing to export, or another suffix.
    """
    algorithm = load(text, root=root, stage=stage)
    if not isinstance(algorithm, Servable):
        raise UserError(f"{type(algorithm).__name__} has nothing to export: it has no served()")
    write(algorithm.served(), path)


def _run_of(checkpoint: Path) -> Run:
    for folder in checkpoint.absolute().parents:
        if (folder / "state.json").is_file():
            return Run.open(folder)
    raise UserError(f"{checkpoint} is in no run's folder, whose recipe says what it is a checkpoint of")


def _recipe(run: Run, overrides: Iterable[str], stage: str | None) -> Recipe:
    """The recipe of a run with something changed in one of its stages."""
    resolved = run.folder / "resolved.yaml"
    recipe = load_recipe(resolved)
    if recipe.staged:
        overrides = _of_stage(stage or list(recipe.stages)[-1], overrides)
    return load_recipe(resolved, list(overrides))


def _of_stage(stage: str, overrides: Iterable[str]) -> list[str]:
    """A resolved recipe gives every stage sections of its own, over which those at the top say nothing."""
    return [
        f"stages.{stage}.{one}" if re.split(r"[.=]", one, maxsplit=1)[0] in STAGE_KEYS else one
        for one in overrides
    ]


def play(
    run: Run,
    options: Mapping[str, Any] | None = None,
    stage: str | None = None,
    evaluator: str | None = None,
) -> Report:
    """Let a trained run show itself: videos, images, samples.

    Args:
        run: as `find_run` returns it.
        options: handed to the algorithm's `play`; a text is read as the type of the option there,
            and for a `str` it is taken as it stands.
        stage: which stage; the last by default.
        evaluator: whose environment to play in, by its name in the reports; the stage's by default.

    Raises:
        UserError: the algorithm cannot play, or does not take these options; no such evaluator.
    """
    experiment = Experiment.of(run, quiet=True, tracked=False)
    runner = experiment.trained(stage)
    if evaluator is not None and evaluator not in runner.judges:
        known = ", ".join(runner.judges) or "it has none"
        raise UserError(f"run {run.state.run_id} has no evaluator {evaluator!r}: {known}")
    built = runner.build()
    name = runner.stage.algorithm.name if runner.stage.algorithm else "?"
    if not isinstance(built.algorithm, Playable):
        raise UserError(f"algorithm {name} has nothing to play")
    try:
        inspect.signature(built.algorithm.play).bind(None, **(options or {}))
    except TypeError as error:
        raise UserError(
            f"algorithm {name} cannot play with these options: {error}\n"
            f"  it takes: {inspect.signature(built.algorithm.play)}"
        ) from None
    read = _read_options(built.algorithm.play, options or {}, name)
    runner.restore(built)
    environment = runner.evaluation_environment if evaluator is None else runner.environment_of(evaluator)
    with evaluating(built.algorithm):
        return built.algorithm.play(environment, **read)


def _read_options(play: Callable[..., Report], options: Mapping[str, Any], algorithm: str) -> dict[str, Any]:
    """The options with every text read as the type that `play` declares for it."""
    parameters, globalns = (
        inspect.signature(play).parameters,
        getattr(inspect.unwrap(play), "__globals__", {}),
    )
    at = At((), f"play of algorithm {algorithm}", "", Findings())
    read = dict(options)
    for option, text in options.items():
        if not isinstance(text, str):
            continue
        annotation: Any = Any
        if option in parameters and parameters[option].annotation is not inspect.Parameter.empty:
            # One by one: others may name what only a type checker imports.
            alone = SimpleNamespace(__annotations__={option: parameters[option].annotation})
            with contextlib.suppress(NameError):
                annotation = typing.get_type_hints(alone, globalns, include_extras=True)[option]
        read[option] = read_option(text, annotation, at.inner(option))
    if at.findings.problems:
        raise RecipeError(at.findings.problems)
    return read
