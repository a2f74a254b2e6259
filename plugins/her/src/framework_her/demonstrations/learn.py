"""Learning from demonstrations beside one's own experience (Nair et al. 2018, section IV)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from framework.errors import UserError
from framework.rl.buffers.episodes import EpisodeReplay
from framework.rl.off_policy.ddpg import DDPGLearner
from framework_her.demonstrations.config import LearningConfig
from framework_her.demonstrations.files import Demonstration
from framework_her.demonstrations.load import episodes_of, starts_of


class GuidedDDPG(DDPGLearner):
    """DDPG whose policy clones demonstrated actions, too; they are the first of each minibatch.

    The policy's loss is policy_weight times DDPG's plus cloning_weight times the sum of
    ‖π(s) - a‖² over the demonstrated transitions for which, with the Q-filter, Q(s, a) > Q(s, π(s)).
    """

    def guided(
        self, of_best: Tensor, best: Tensor, taken: Tensor, advantage: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        config: LearningConfig = self.config.demonstrations
        shown = slice(0, config.per_batch)
        error = best[shown] - taken[shown]
        worse = advantage[shown] < 0
        if config.q_filter:
            error *= worse
        of_best *= config.policy_weight
        of_best[shown] += 2 * config.cloning_weight * error
        return of_best, {"loss/cloning": error.square().sum(1).mean(), "cloned": worse.float().mean()}


def replay_of(demonstrations: list[Demonstration], environment: Any) -> EpisodeReplay:
    """A buffer of just these episodes."""
    episodes = episodes_of(demonstrations, environment)
    replay = EpisodeReplay(sum(len(one) + 1 for one in episodes))
    for one in episodes:
        replay.add(one)
    return replay


def start_from(demonstrations: list[Demonstration], environment: Any, share: float) -> None:
    """Let a share of the environment's episodes start from demonstrated states.

    Raises:
        UserError: the demonstrations have no states, or the environment cannot start from any.
    """
    if not hasattr(environment, "start_from"):
        raise UserError(
            f"{type(environment).__name__} cannot start from demonstrated states\n"
            "  give demonstrations.starts: 0, or take a task of this plugin"
        )
    if (starts := starts_of(demonstrations)) is None:
        raise UserError(
            "episodes cannot start from these demonstrations: they have no states\n"
            "  give demonstrations.starts: 0, or make them by her/demonstrations"
        )
    environment.start_from(*starts, share)
