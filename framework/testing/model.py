"""Is a model a torch module that is made the same way twice?"""

from __future__ import annotations

import copy

from framework.testing.equality import assert_same
from framework.testing.sections import Section, build, seed_everything, title


def check_model(model: Section, *, environment: Section, seed: int = 0) -> None:
    """Check a model.

    It is a `torch.nn.Module` with finite parameters; the same seed makes the same
    parameters; its state goes into another instance and back; building it leaves the
    environment as it was, where the environment can tell.

    Args:
        model: its name, or a section of a recipe.
        environment: what it is sized from.
        seed: of everything random.

    Raises:
        AssertionError: the message says what is wrong.
    """
    import torch

    name = title(model)
    built_environment = build("environment", environment, seed=seed)
    keeps_state = hasattr(built_environment, "get_state")
    if keeps_state:
        built_environment.reset(seed=seed)
    before = copy.deepcopy(built_environment.get_state()) if keeps_state else None

    def make(seed: int) -> torch.nn.Module:
        seed_everything(seed)
        module: torch.nn.Module = build("model", model, built_environment, seed=seed)
        return module

    first = make(seed)
    if before is not None:
        assert_same(
            built_environment.get_state(), before, f"{name}: the environment's state after building it"
        )
    assert list(first.parameters()), f"{name} has no parameters to learn"
    for key, value in first.state_dict().items():
        finite = not value.is_floating_point() or bool(torch.isfinite(value).all())
        assert finite, f"{name}: {key} is not finite"
    assert_same(
        make(seed).state_dict(), first.state_dict(), f"{name}: the parameters of a second one, same seed:"
    )
    other = make(seed + 1)
    other.load_state_dict(first.state_dict())
    assert_same(other.state_dict(), first.state_dict(), f"{name}: the state after load_state_dict:")
