"""Snapshots: what a policy was at some time, as weights that fit into a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from framework.rl.policy import Policy
from framework.rl.targets import frozen_copy


def snapshot(policy: Policy) -> dict[str, Tensor]:
    """Copies of all that the policy acts with, on the CPU; not of its critic."""
    actor = frozen_copy(policy).cpu()
    actor.drop_critic()
    return dict(actor.state_dict())


def restored(policy: Policy, weights: Mapping[str, Tensor]) -> Policy:
    """A policy of its own, without a critic, that acts as it did when `snapshot` was taken.

    Args:
        policy: one of the same kind; it is left as it is.
        weights: what `snapshot` returned.
    """
    actor = frozen_copy(policy).cpu().eval()
    actor.drop_critic()
    actor.load_state_dict(weights)
    return actor
