"""OffPolicy: collect, store, and learn from minibatches of all that is stored."""

from __future__ import annotations

from abc import ABC
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, ClassVar

import gymnasium
import numpy as np
import torch
from torch import Tensor

from framework.contracts import Served
from framework.errors import UserError
from framework.rl.acting import Plays
from framework.rl.buffers.transitions import ReplayBuffer
from framework.rl.collect.remote import Workers
from framework.rl.cycle import CycleAlgorithm
from framework.rl.gradients import with_gradients
from framework.rl.off_policy.config import OffPolicyConfig
from framework.rl.off_policy.explorer import Explorer
from framework.rl.off_policy.learner import Learner, Transitions
from framework.rl.off_policy.model import ActorQ
from framework.rl.policy import Policy
from framework.rl.serving import serve
from framework.rl.targets import frozen_copy
from framework.rl.trees import Tree, tree_map


class OffPolicy(Plays, CycleAlgorithm, ABC):
    """Learning from a replay buffer of transitions.

    A cycle takes `steps_per_cycle` steps in every environment and makes `updates_per_cycle`
    updates, each on a minibatch of its own. Time limits end no value: what came after is the true
    final observation. How a minibatch is learnt from, the `Learner` says; how it is drawn, a
    subclass may: see `minibatches`.

    Args:
        environment: a `VectorEnv` with SAME_STEP autoreset and bounded actions.
        model: policy and action values.
        config: the parameters.
        learner: if it is not the class's own.

    Raises:
        UserError: the budget is used up before the first update; or, when training starts, the
            buffer does not fit into memory.
    """

    learner_class: ClassVar[type[Learner]]
    explorer_class: ClassVar[type[Explorer]] = Explorer
    shown = ("episodes", "train/return")

    def __init__(
        self, environment: Any, model: ActorQ, config: OffPolicyConfig, learner: type[Learner] | None = None
    ) -> None:
        super().__init__(
            budget=config.budget,
            env_steps_per_cycle=config.steps_per_cycle * environment.num_envs * config.collectors.workers,
            updates_per_cycle=config.updates_per_cycle,
            overlap=config.overlap,
            matmul=config.matmul,
        )
        if config.random_steps >= (self.budget.env_steps or np.inf):
            raise UserError(
                f"random_steps: {config.random_steps} leave nothing of a budget of {self.budget.total} env "
                "steps\n  give fewer, or a larger budget"
            )
        kind = learner or self.learner_class
        model.equip(stochastic=kind.stochastic, critics=kind.critics, distributional=kind.distributional)
        self.config: Any = config
        self.environment, self.model = environment, model
        self.target = frozen_copy(model)
        self.learner = kind(model, self.target, config)
        self.own = self.learner.own
        self._seed(process=0)

    def _seed(self, process: int) -> None:
        """Give each process, and each of its parts, a stream of random numbers of its own."""
        streams = np.random.SeedSequence([self.config.seed, process]).spawn(4)
        self.random = np.random.default_rng(streams[0])
        drawn = self.learner.stochastic
        random_action, noise = (0 if drawn else getattr(self.config, n) for n in ("random_action", "noise"))
        options = {
            "random_action": random_action,
            "noise": noise,
            "steps": self.config.steps_per_cycle,
        }
        kind, collectors = self.explorer_class, self.config.collectors
        self.explorer: Any
        if collectors.use == "local":
            self.explorer = kind(self.environment, self.model, streams[1:3], **options)
        else:
            acting = frozen_copy(self.model).cpu()
            acting.drop_critic()
            make, seed = partial(kind.of_worker, **options), int(streams[1].generate_state(1)[0])
            self.explorer = self.workers = Workers(
                collectors, self.environment, acting, make, kind.join, seed
            )
        self.learner.seed(int(streams[3].generate_state(1)[0]))

    @cached_property
    def replay(self) -> Any:
        """What is stored; made when training starts."""
        environment = self.environment
        shape = environment.single_action_space.shape
        return ReplayBuffer(
            environment.single_observation_space,
            gymnasium.spaces.Box(-1, 1, shape, np.float32),
            capacity=self.config.capacity,
            streams=environment.num_envs * self.config.collectors.workers,
            seed=int(self.random.integers(2**63)),
        )

    def setup(self, stage: str) -> None:
        super().setup(stage)
        if self.global_rank > 0:
            self._seed(self.global_rank)
        if stage == "fit":
            _ = self.replay  # what does not fit into memory is said now

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        return self.learner.optimizers()

    # One cycle ----------------------------------------------------------------------------

    def begin_cycle(self) -> None:
        if self.workers is None:
            self.explorer.exploration.refresh(self.model)
        else:
            self.workers.broadcast(self.model)
        config = self.config
        if config.final_learning_rate is not None:
            # As it is while there is much to find out, then falling.
            rate = self.scheduled(config.learning_rate, config.final_learning_rate, last=1 / 3)
            self.set_learning_rate(rate)

    def collect(self) -> Any:
        return self.explorer.chunk(self.counters.env_steps < self.config.random_steps)

    def absorb(self, experience: Any) -> Mapping[str, float]:
        batch, finished = experience
        self.replay.add(batch)
        if self.model.normalizer is not None:
            self.model.normalizer.update(
                self.model.encode(tree_map(lambda x: x.flatten(0, 1), batch.observation))
            )
        self.counters.episodes += len(finished) * self.processes
        if not finished:
            return {}
        returns, lengths = zip(*finished, strict=True)
        return {"train/return": float(np.mean(returns)), "train/length": float(np.mean(lengths))}

    def ready(self) -> bool:
        return len(self.replay) > 0 and self.counters.env_steps >= self.config.random_steps

    def learn(self) -> Mapping[str, float | Tensor]:
        made = self.counters.updates
        told: dict[str, list[Tensor]] = defaultdict(list)
        for number, batch in enumerate(self.minibatches(), made):
            for name, value in self.learner.update(batch, number, self.step).items():
                told[name].append(value)
        return {name: torch.stack(values).mean() for name, values in told.items()}

    def minibatches(self) -> Iterator[Transitions[Tensor]]:
        """Those of one cycle, with normalised inputs."""
        config, model = self.config, self.model

        def inputs(seen: Tree) -> Tensor:
            return model.normalized(model.encode(tree_map(self._here, seen)))

        for _ in range(config.updates_per_cycle):
            drawn = self.replay.sample(config.batch_size, gamma=config.discount, n=config.n_step)
            yield Transitions(
                inputs(drawn.observation),
                inputs(drawn.final_observation),
                *(
                    self._here(x)
                    for x in (drawn.action.flatten(1), drawn.reward[:, None], drawn.discount[:, None])
                ),
            )

    def _here(self, x: Tensor) -> Tensor:
        return x.to(self.device)

    def step(
        self, loss: Tensor, parameters: Sequence[Tensor], gradients: Sequence[Tensor], optimizer: int
    ) -> None:
        """One step of an optimiser, numbered as the learner's, on gradients that are known."""
        each = self.each_optimizer()
        if self.processes > 1:
            # Lightning waits for the gradients of all parameters from all processes.
            known = {id(parameter) for parameter in parameters}
            others = [p for p in self.parameters() if p.requires_grad and id(p) not in known]
            parameters, gradients = [*parameters, *others], [*gradients, *map(torch.zeros_like, others)]
        with torch.enable_grad():
            self.optimise(with_gradients(loss, parameters, gradients), each[optimizer])

    # What the core and others use ---------------------------------------------------------

    @property
    def collector(self) -> Any:
        """What steps the environment: a collector, or `Workers`."""
        return self.explorer.collector if self.workers is None else self.workers

    @property
    def policy(self) -> Policy:  # type: ignore[override]
        """What acts: `act`, `player` and `play` are with it."""
        return self.model

    def served(self) -> Served:
        """The policy with its normaliser: observations by name to actions; see `serving.serve`."""
        return serve(self.model)

    def cycle_state(self) -> dict[str, Any]:
        return {
            **self.explorer.state_dict(),
            "learner": self.learner.state_dict(),
            "replay": self.replay.state_dict(),
            "random": self.random.bit_generator.state,
        }

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        self.explorer.load_state_dict(state)
        for name in ("learner", "replay"):
            getattr(self, name).load_state_dict(state[name])
        self.random.bit_generator.state = state["random"]
