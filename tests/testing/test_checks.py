"""The checks of environments, models, algorithms and evaluators: right ones pass, each fault is named."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from framework import testing
from framework.component import Component
from framework.errors import UserError
from framework.plugins import Plugin
from framework.registry import Registry
from framework.testing import (
    check_algorithm,
    check_environment,
    check_evaluator,
    check_experiment,
    check_model,
)
from tests.testing import parts

KINDS: dict[str, list[Any]] = {
    "environment": [
        parts.Walk,
        parts.Numbers,
        parts.NextStepWalk,
        parts.NotVector,
        parts.Unbatched,
        parts.NoMode,
        parts.WrongType,
        parts.FlatReward,
        parts.InfiniteReward,
        parts.CountedEnds,
        parts.OtherReward,
        parts.Unseeded,
        parts.NoFinal,
        parts.WrongFinal,
        parts.ForgetsRandom,
        parts.ForgetsClock,
        parts.RewardForReset,
    ],
    "model": [parts.Line, parts.WarmLine, parts.UnseededLine, parts.Frozen, parts.Steps, parts.NanLine],
    "algorithm": [
        parts.Descent,
        parts.OnData,
        parts.OnUnknownOrder,
        parts.ForgetsGenerator,
        parts.ForgetsEnvironment,
        parts.NeverCounted,
        parts.BeyondTotal,
        parts.Diverges,
        parts.OneInput,
        parts.not_lightning,
    ],
    "evaluator": [
        parts.MeanGoal,
        parts.NoReport,
        parts.NoMetrics,
        parts.NanMetric,
        parts.ChangesWeights,
        parts.Guesses,
        parts.ForgetsCurve,
        parts.NanMonitor,
        parts.Elsewhere,
    ],
}


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    components = [
        Component(
            part.__name__,
            f"tests.testing.parts:{part.__name__}",
            plugin="fake",
            kind=kind,  # type: ignore[arg-type]
            produces=part is parts.Numbers,
        )
        for kind, offered in KINDS.items()
        for part in offered
    ]
    fake = Registry([Plugin("fake", "framework-fake", "1.0", components=components)])
    for module in ("framework.testing.sections", "framework.recipe.check"):
        monkeypatch.setattr(f"{module}.installed", lambda: fake)


def refused(message: str) -> pytest.RaisesExc[AssertionError]:
    return pytest.raises(AssertionError, match=re.escape(message))


@pytest.mark.parametrize("name", ["Walk", "NextStepWalk"])
def test_a_right_environment_passes(name: str) -> None:
    check_environment(f"fake/{name}")
    check_environment({"use": f"fake/{name}", "num_envs": 1}, seed=5, steps=20)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("NotVector", "not a gymnasium.vector.VectorEnv"),
        ("Unbatched", "action_space is not single_action_space for 3 environments"),
        ("NoMode", "metadata['autoreset_mode'] is None"),
        ("WrongType", "have dtype float32, not float64"),
        ("FlatReward", "rewards have shape (3, 1), not (3,)"),
        ("InfiniteReward", "a reward is not finite"),
        ("CountedEnds", "truncations have dtype int64, not bool"),
        ("OtherReward", "rewards, against compute_reward:"),
        ("Unseeded", "second reset(seed=0)['desired_goal'] differs"),
        ("NoFinal", "info has no 'final_obs'"),
        ("WrongFinal", "info['_final_obs'] differs"),
        ("ForgetsRandom", "step 0 after set_state"),
        ("ForgetsClock", "after set_state in the same environment"),
        ("RewardForReset", "a reward for the step that only resets"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_wrong_environment_is_refused(name: str, message: str) -> None:
    with refused(message):
        check_environment(f"fake/{name}")


def test_a_right_model_passes() -> None:
    check_model("fake/Line", environment="fake/Walk")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("UnseededLine", "a second one, same seed:['bias'] differs"),
        ("Frozen", "has no parameters to learn"),
        ("Steps", "the environment's state after building it"),
        ("NanLine", "weight is not finite"),
    ],
)
def test_a_wrong_model_is_refused(name: str, message: str) -> None:
    with refused(message):
        check_model(f"fake/{name}", environment="fake/Walk")


@pytest.mark.parametrize("environment", ["fake/Walk", "fake/NextStepWalk"])
def test_a_right_algorithm_passes(environment: str) -> None:
    check_algorithm("fake/Descent", environment=environment, model="fake/Line")


def test_so_does_any_lightning_module_over_several_epochs() -> None:
    check_algorithm("fake/OnData", environment="fake/Walk", model="fake/Line", steps=8, epochs=3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("OnUnknownOrder", "the data order is not in the checkpoint: after a cut at step 2, step 3 of"),
        ("ForgetsGenerator", "resumed training, checkpoint["),
        ("ForgetsEnvironment", "resumed training, checkpoint["),
        ("NeverCounted", "global_step is 0 after 4 training steps"),
        ("BeyondTotal", "done is beyond total"),
        ("Diverges", "is not finite after 4 training steps"),
        ("OneInput", "an example of 1 inputs, not 2"),
        ("not_lightning", "not a lightning.LightningModule"),
    ],
)
def test_a_wrong_algorithm_is_refused(name: str, message: str) -> None:
    with refused(message):
        check_algorithm(f"fake/{name}", environment="fake/Walk", model="fake/Line")


def test_a_budget_too_small_for_the_check_is_named() -> None:
    with refused("its data ends after 3 of 4 training steps"):
        check_algorithm({"use": "fake/Descent", "updates": 3}, environment="fake/Walk", model="fake/Line")


def _check_evaluator(section: str | dict[str, object]) -> None:
    check_evaluator(section, algorithm="fake/Descent", environment="fake/Walk", model="fake/Line")


def test_a_right_evaluator_passes() -> None:
    _check_evaluator("fake/MeanGoal")
    _check_evaluator({"use": "fake/MeanGoal", "every": 0})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("NoReport", "returns a dict, not a framework.Report"),
        ("NoMetrics", "its report has no metrics"),
        ("NanMetric", "metric 'said' is nan"),
        ("ChangesWeights", "the algorithm after being evaluated:['model.bias'] differs"),
        ("Guesses", "a second evaluation of the same algorithm, report['metrics']['said']"),
        ("ForgetsCurve", "state_dict after load_state_dict"),
        ("NanMonitor", "monitor returns 'looks' = nan"),
    ],
)
def test_a_wrong_evaluator_is_refused(name: str, message: str) -> None:
    with refused(message):
        _check_evaluator(f"fake/{name}")


EXPERIMENT = """
environment: {use: fake/Walk, num_envs: 2}
model: {use: fake/Line}
stages:
  numbers: {environment: {use: fake/Numbers}, model: null}
  first:
    algorithm: {use: fake/Descent}
    evaluators: [{use: fake/MeanGoal}, {use: fake/Elsewhere, environment: {use: fake/NextStepWalk}}]
  second:
    model: {use: fake/WarmLine, weights: "${checkpoint:first}"}
    algorithm: {use: fake/Descent, updates: 9}
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    path = tmp_path / "experiment.yaml"
    path.write_text(EXPERIMENT, encoding="utf-8")
    return path


def test_an_experiment_is_checked_with_all_its_parts_once_each(
    experiment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Counter[str] = Counter()
    for name in ("environment", "producer", "model", "algorithm", "evaluator"):
        check = getattr(testing, f"check_{name}")

        def count(section: Any, *, check: Any = check, name: str = name, **others: Any) -> None:
            made[name] += 1
            check(section, **others)

        monkeypatch.setattr(testing, f"check_{name}", count)
    check_experiment(experiment)
    assert made == {"environment": 2, "producer": 1, "model": 2, "algorithm": 2, "evaluator": 2}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("environment={use: fake/ForgetsClock}", "after set_state in the same environment"),
        ("stages.second.model={use: fake/UnseededLine}", "a second one, same seed:['bias'] differs"),
        ("stages.second.algorithm={use: fake/Diverges}", "is not finite after 2 training steps"),
        ("stages.first.evaluators=[{use: fake/Guesses}]", "a second evaluation of the same algorithm"),
        ("stages.first.evaluators.1.environment={use: fake/FlatReward}", "rewards have shape"),
    ],
)
def test_a_fault_in_any_part_of_an_experiment_is_named(experiment: Path, override: str, message: str) -> None:
    with refused(message):
        check_experiment(experiment, [override], steps=2)


def test_sections_are_read_as_a_recipes_are() -> None:
    with pytest.raises(UserError, match="did you mean 'num_envs'"):
        check_environment({"use": "fake/Walk", "num_env": 2})
    with pytest.raises(UserError, match="unknown environment 'fake/Wolk'"):
        check_environment("fake/Wolk")
