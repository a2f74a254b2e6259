"""Budget: how long to train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework.component import Param
from framework.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long to train, in one of two units: `{env_steps: 300_000}` or `{updates: 20_000}`.

    Raises:
        UserError: none or both are given.
    """

    env_steps: Annotated[
        int | None,
        Param("environment steps, over all parallel environments", unit="env steps", ge=1, may_change=True),
    ] = None
    updates: Annotated[int | None, Param("gradient updates", unit="updates", ge=1, may_change=True)] = None

    def __post_init__(self) -> None:
        if (self.env_steps is None) == (self.updates is None):
            raise UserError("a budget is either env_steps or updates: budget: {env_steps: 300_000}")

    @property
    def unit(self) -> str:
        """`"env steps"` or `"updates"`."""
        return "updates" if self.env_steps is None else "env steps"

    @property
    def total(self) -> int:
        """How many of them."""
        total = self.updates if self.env_steps is None else self.env_steps
        assert total is not None
        return total
