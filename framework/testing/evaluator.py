"""Does an evaluator return a report that can be kept, and leave the training alone?"""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

from framework.testing.equality import assert_same
from framework.testing.sections import Section, build, seed_everything, title, use


def check_evaluator(
    evaluator: Section,
    *,
    algorithm: Section,
    environment: Section,
    model: Section | None = None,
    steps: int = 2,
    seed: int = 0,
) -> None:
    """Check an evaluator on a briefly trained algorithm.

    It returns a `Report` with finite metrics that can be written to disk; evaluating
    again gives the same metrics and leaves the algorithm as it was. If it watches the
    training: `monitor` returns numbers, and its state survives a checkpoint.

    Args:
        evaluator: its name, or a section of a recipe.
        algorithm: what it judges.
        environment: what the algorithm learns and is judged in, in separate instances. An evaluator whose
            section names an environment of its own judges there.
        model: what the algorithm trains.
        steps: training steps before it judges.
        seed: of everything random.

    Raises:
        AssertionError: the message says what is wrong.
    """
    from framework.contracts import Monitor
    from framework.testing.algorithm import train

    name = title(evaluator)
    with tempfile.TemporaryDirectory() as folder:
        trained = train(algorithm, environment, model, Path(folder), steps, seed)
    before = {key: value.clone() for key, value in trained.state_dict().items()}
    judge = build("evaluator", evaluator, seed=seed)
    own = use("evaluator", evaluator).environment

    def judged_in() -> Any:
        return own.build(seed=seed) if own else build("environment", environment, seed=seed)

    if isinstance(judge, Monitor) and judge.every:
        _check_monitor(judge, trained, judged_in(), name)
        again = build("evaluator", evaluator, seed=seed)
        again.load_state_dict(_stored(judge.state_dict()))
        assert_same(again.state_dict(), judge.state_dict(), f"{name}: state_dict after load_state_dict:")

    first = _judge(judge, trained, judged_in(), name, seed)
    assert_same(dict(trained.state_dict()), before, f"{name}: the algorithm after being evaluated:")
    second = _judge(judge, trained, judged_in(), name, seed)
    assert_same(
        second.to_dict(), first.to_dict(), f"{name}: a second evaluation of the same algorithm, report"
    )


def _judge(judge: Any, trained: Any, environment: Any, name: str, seed: int) -> Any:
    from framework import Report
    from framework.callbacks import evaluating

    seed_everything(seed)
    with evaluating(trained):
        report = judge(trained, environment)
    assert isinstance(report, Report), f"{name} returns a {type(report).__name__}, not a framework.Report"
    assert report.metrics, f"{name}: its report has no metrics"
    for key, value in report.metrics.items():
        assert math.isfinite(value), f"{name}: metric {key!r} is {value}"
    with tempfile.TemporaryDirectory() as folder:
        report.save(Path(folder))
        json.loads(Path(folder, "report.json").read_text(encoding="utf-8"))
    return report


def _check_monitor(judge: Any, trained: Any, environment: Any, name: str) -> None:
    from framework.callbacks import evaluating

    with evaluating(trained):
        metrics = judge.monitor(trained, environment)
    assert metrics, f"{name}: monitor returns no metrics"
    for key, value in metrics.items():
        assert isinstance(key, str), f"{name}: monitor returns a metric named {key!r}"
        assert math.isfinite(float(value)), f"{name}: monitor returns {key!r} = {value}"


def _stored(state: Any) -> Any:
    """What a checkpoint makes of a state."""
    import io

    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)
