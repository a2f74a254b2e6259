from __future__ import annotations

from typing import Any

import pytest

from framework.testing import check_evaluator

ENVIRONMENT = {
    "use": "codex/chains",
    "functions": 60,
    "validation": 5,
    "pairs": 5,
    "test_lengths": [1, 2],
    "tasks_per_length": 2,
}
MODEL = {"use": "codex/gpt", "vocab_size": 400, "context": 64, "layers": 1, "width": 16, "heads": 2}
ALGORITHM = {"use": "codex/language_model", "tokens": 2000, "batch_tokens": 256, "warmup_steps": 1}
SMALL: dict[str, Any] = {"n": 2, "max_tokens": 4}
JUDGED = {**SMALL, "judge": {"workers": 1}}


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "evaluator",
    [
        {"use": "codex/pass_at_k", **JUDGED, "k": [1, 2], "temperatures": [0.2, 0.8]},
        {"use": "codex/chain_length", **JUDGED, "k": [2]},
        {"use": "codex/ranking", **JUDGED},
        {"use": "codex/bleu_overlap", **JUDGED},
        {"use": "codex/variable_binding", **JUDGED, "problems": 1, "operations": [0, 1]},
        {"use": "codex/misalignment", **JUDGED, "examples": 1},
        {"use": "codex/insecure_code", **SMALL},
        {"use": "codex/docstring_grades", **SMALL, "k": [1, 2]},
        {"use": "codex/tokens", "vocab_size": 300},
    ],
    ids=lambda section: section["use"],
)
def test_evaluators_keep_their_contract(evaluator: dict[str, Any]) -> None:
    check_evaluator(evaluator, algorithm=ALGORITHM, environment=ENVIRONMENT, model=MODEL)
