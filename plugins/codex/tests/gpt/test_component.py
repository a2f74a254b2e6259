from __future__ import annotations

from framework.testing import check_model

CHAINS = {
    "use": "codex/chains",
    "functions": 200,
    "validation": 10,
    "pairs": 10,
    "lengths": [1, 2],
    "test_lengths": [1],
    "tasks_per_length": 2,
}


def test_the_component_conforms() -> None:
    check_model(
        {"use": "codex/gpt", "vocab_size": 400, "context": 64, "layers": 1, "width": 32}, environment=CHAINS
    )
