"""Every number a recipe may give, at its least and where it divides nothing: it runs, or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.testing import awkward_recipes, check_small_run

CHAINS = {
    "use": "codex/chains",
    "functions": 60,
    "validation": 5,
    "pairs": 20,
    "test_lengths": [1, 2],
    "tasks_per_length": 2,
}
CODE = {
    "use": "codex/code",
    "stdlib": False,
    "path": "CODE",
    "chains": {"functions": 40, "validation": 4, "pairs": 4, "tasks_per_length": 1},
    "bindings": 20,
}
GPT = {"use": "codex/gpt", "vocab_size": 300, "context": 256, "layers": 1, "width": 16, "heads": 2}
TRAINING = {"tokens": 2000, "batch_tokens": 512, "warmup_steps": 1}
SAMPLES: dict[str, Any] = {"n": 2, "max_tokens": 4}
JUDGED = {**SAMPLES, "judge": {"workers": 1}}


def trained(name: str, environment: dict[str, Any]) -> dict[str, Any]:
    return {"environment": environment, "model": GPT, "algorithm": {"use": f"codex/{name}", **TRAINING}}


def judged(evaluator: dict[str, Any]) -> dict[str, Any]:
    return {"environment": CHAINS, "model": GPT, "evaluators": [evaluator]}


CHEAP = dict(awkward_recipes(trained("language_model", CHAINS)))
DEAR = {
    name: recipe
    for each in (
        trained("supervised", CHAINS),
        trained("docstrings", CHAINS),
        trained("language_model", CODE),
        judged({"use": "codex/docstring_grades", **SAMPLES, "k": [1, 2]}),
        judged({"use": "codex/insecure_code", **SAMPLES}),
        judged({"use": "codex/tokens", "vocab_size": 300}),
    )
    for name, recipe in awkward_recipes(each)
    if name not in CHEAP
}
EXECUTED = {
    name: recipe
    for each in (
        {"use": "codex/pass_at_k", **JUDGED, "k": [1, 2], "temperatures": [0.2, 0.8]},
        {"use": "codex/chain_length", **JUDGED, "k": [2]},
        {"use": "codex/ranking", **JUDGED},
        {"use": "codex/bleu_overlap", **JUDGED},
        {"use": "codex/variable_binding", **JUDGED, "problems": 1, "operations": [0, 1]},
        {"use": "codex/misalignment", **JUDGED, "examples": 1},
    )
    for name, recipe in awkward_recipes(judged(each))
    # One judge serves them all.
    if name not in CHEAP and ("judge=" not in name or "pass_at_k" in name)
}
#: What the sizes of this file's settings leave no room for.
REFUSED = {
    "codex/chains.functions=0": "less text than one row",
    "codex/chains.weights=[1e-06]": "give one weight for each of `lengths`",
    "codex/chains.held_out=1e-06": "hold out a larger share",
    "codex/gpt.vocab_size=260": "give it at least 288",
    "codex/gpt.width=11": "choose heads",
    "codex/gpt.width=13": "choose heads",
    "codex/gpt.heads=3": "choose heads",
    "codex/gpt.heads=7": "choose heads",
}


@pytest.mark.parametrize("case", CHEAP)
def test_training(case: str) -> None:
    refusal = check_small_run(CHEAP[case])
    assert REFUSED[case] in refusal if case in REFUSED else not refusal


@pytest.mark.slow
@pytest.mark.parametrize("case", DEAR)
def test_other_trainings_and_evaluators(case: str, tmp_path: Path) -> None:
    for number in range(60):
        functions = (
            f'def f{number}_{i}(x):\n    """Multiply x by {i}."""\n    return {i} * x + {number}\n'
            for i in range(6)
        )
        (tmp_path / f"m{number}.py").write_text("\n\n".join(functions), encoding="utf-8")
    recipe = DEAR[case]
    if recipe["environment"].get("path") == "CODE":
        recipe["environment"]["path"] = str(tmp_path)
    check_small_run(recipe)


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.parametrize("case", EXECUTED)
def test_evaluators_that_execute(case: str) -> None:
    check_small_run(EXECUTED[case])
