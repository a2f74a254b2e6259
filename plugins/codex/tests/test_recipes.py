"""The shipped recipes, cut short, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import framework
from framework.testing.fixtures import RunRecipe
from framework_codex.code_model import Sampling
from framework_codex.problems.config import ProblemsConfig
from framework_codex.problems.sets import read_problems

pytestmark = pytest.mark.sandbox

RECIPES = Path(__file__).parents[3] / "recipes"

NAMES = ["pass_at_k", "chain_length", "chain_length-2", "ranking", "bleu_overlap", "variable_binding"]
SHORT = [
    "trainer.threads=1",
    # That what is trained can be served, test_language_model.py shows.
    "tracking.log_model=false",
    "environment.pairs=100",
    "environment.tasks_per_length=1",
    # Harvesting the standard library is tested elsewhere.
    "stages.pretrain.environment.stdlib=false",
    "stages.pretrain.environment.packages=[pluggy]",
    "stages.tokens.environment.stdlib=false",
    "stages.tokens.environment.packages=[omegaconf]",
    "stages.tokens.evaluators.0.vocab_size=1024",
    "stages.pretrain.model.layers=2",
    "stages.pretrain.model.width=32",
    "stages.pretrain.environment.chains.functions=300",
    "stages.pretrain.algorithm.tokens=8192",
    "stages.describe.algorithm.tokens=4096",
    "stages.codex_s.algorithm.tokens=4096",
    "stages.describe.evaluators.0.n=1",
    "stages.describe.evaluators.0.k=[1]",
    "stages.describe.evaluators.0.max_tokens=20",
    "evaluators.0.k=[1, 2]",
    "evaluators.0.temperatures=[0.2, 0.8]",
    "evaluators.1.k=[1, 2]",
    "evaluators.2.k=[1, 2]",
    *(f"evaluators.{i}.n=2" for i in range(6)),
    *(f"evaluators.{i}.max_tokens=20" for i in range(6)),
    "evaluators.5.problems=1",
    "stages.pretrain.environment.bindings=10",
    # The same are asked after the next stage.
    "stages.codex.evaluators=[{use: codex/pass_at_k, n: 2, k: [1, 2], temperatures: [0.2], max_tokens: 20}]",
]


def test_codex(framework_run: RunRecipe) -> None:
    result = framework_run(RECIPES / "codex.yaml", SHORT)
    stages = result.run.state.stages
    assert list(stages) == ["pretrain", "tokens", "describe", "codex", "codex_s"]
    assert stages["tokens"].reports["tokens"]["saving"] >= 0.25
    for name in ("codex", "codex_s"):
        passed = stages[name].reports["pass_at_k"]
        assert 0 <= passed["pass_at_1"] <= passed["pass_at_2"] <= 1
    reports = stages["codex_s"].reports
    assert list(reports) == NAMES
    assert reports["ranking"]["oracle"] >= reports["ranking"]["random"]

    model = framework.load("last", stage="codex_s")
    sampling = Sampling(max_tokens=8)
    found = model.generate("def add(a, b):\n", n=2, sampling=sampling, seed=3)
    assert [type(one) for one in found] == [str, str]
    assert model.generate("def add(a, b):\n", n=2, sampling=sampling, seed=3) == found


@pytest.mark.slow
def test_codex_sizes(framework_run: RunRecipe) -> None:
    short = [
        "trainer.threads=1",
        "tracking.log_model=false",
        "environment.functions=300",
        "environment.tasks_per_length=2",
        "algorithm.tokens=4608",
        *(f"stages.found_w{width}.environment.stdlib=false" for width in (64, 128)),
        *(f"stages.found_w{width}.environment.packages=[pluggy]" for width in (64, 128)),
        *(f"stages.sizes.evaluators.{i}.evaluator.n=1" for i in range(2)),
        *(f"stages.sizes.evaluators.{i}.evaluator.max_tokens=20" for i in range(2)),
        "stages.sizes.evaluators.0.evaluator.k=[1]",
        "stages.sizes.evaluators.0.metrics=[pass_at_1]",
    ]
    reports = framework_run(RECIPES / "codex_sizes.yaml", short).run.state.stages["sizes"].reports
    assert len([name for name in reports["by_size"] if name.endswith("loss_per_byte")]) == 9
    assert len([name for name in reports["by_size-2"] if name.endswith("/gap")]) == 5


def test_recorded_samples_on_humaneval(framework_run: RunRecipe, tmp_path: Path) -> None:
    wrong = 3
    problems = read_problems(ProblemsConfig())
    completions = [problem.canonical_solution for problem in problems]
    completions[:wrong] = ["    pass\n"] * wrong
    samples = tmp_path / "samples.jsonl"
    samples.write_text(
        "".join(
            json.dumps({"task_id": problem.task_id, "completion": completion}) + "\n"
            for problem, completion in zip(problems, completions, strict=True)
        )
    )
    overrides = ["model.use=codex/recorded_samples", f"model.path={samples}"]
    reports = framework_run(RECIPES / "codex_humaneval.yaml", overrides).run.state.stages[""].reports
    assert reports["pass_at_k"]["pass_at_1"] == pytest.approx(1 - wrong / 164)
