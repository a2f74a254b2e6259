"""What only a plugin without the others can break: that it loads, and one short run."""

from __future__ import annotations

import pytest

from framework.testing import check_plugin
from framework.testing.fixtures import RunRecipe


def test_plugin() -> None:
    check_plugin("codex")


@pytest.mark.sandbox
def test_a_short_run(framework_run: RunRecipe) -> None:
    result = framework_run(
        {
            "environment": {
                "use": "codex/chains",
                "functions": 60,
                "validation": 5,
                "pairs": 5,
                "tasks_per_length": 1,
            },
            "model": {
                "use": "codex/gpt",
                "vocab_size": 400,
                "context": 64,
                "layers": 1,
                "width": 16,
                "heads": 2,
            },
            "algorithm": {"use": "codex/language_model", "tokens": 2000, "batch_tokens": 256},
            "evaluators": [{"use": "codex/pass_at_k", "n": 1, "k": [1], "max_tokens": 4}],
            "tracking": {"system_metrics": False},
        }
    )
    assert 0 <= result.metrics["pass_at_k/pass_at_1"] <= 1
