"""Does a policy keep the contract of `framework.rl.policy.Policy`?"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

from framework.testing.sections import Section, build, seed_everything, title

if TYPE_CHECKING:
    from framework.rl.batch import State
    from framework.rl.policy import Evaluation, Policy, Step


def check_policy(policy: Section | Policy, *, environment: Section | None = None, seed: int = 0) -> None:
    """Check a policy, recurrent or feed-forward, for spaces of any kind.

    Shapes, with and without an agent axis; actions lie in the action space; log-probabilities,
    values and hidden states are those of `act` in sequences too; a reset forgets everything;
    no row sees another; the mode does not vary, and drawn actions follow their generator;
    gradients reach every parameter.

    Args:
        policy: one, or the model that builds it: its name, or a section of a recipe.
        environment: what the model is sized from.
        seed: of everything random.

    Raises:
        AssertionError: the message says what is wrong.
    """
    import torch

    from framework.rl.policy import Policy

    name = type(policy).__name__ if isinstance(policy, Policy) else title(policy)
    if not isinstance(policy, Policy):
        assert environment is not None, f"{name}: name the environment that it is sized from"
        seed_everything(seed)
        policy = build("model", policy, build("environment", environment, seed=seed), seed=seed)
    assert isinstance(policy, Policy), f"{name} builds a {type(policy).__name__}, not a framework.rl Policy"
    mode = policy.training
    policy.eval()
    for batch in ((policy.agents or 3,), (2, policy.agents or 2)):
        trial = _Trial(policy, batch, seed, f"{name}, batch {batch}")
        with torch.no_grad():
            trial.check_step()
            trial.check_draws()
            trial.check_sequence()
            trial.check_reset()
            trial.check_rows()
        trial.check_gradients()
    policy.train(mode)


class _Trial:
    """A policy and made-up experience for it: sequences with resets in the middle."""

    def __init__(self, policy: Policy, batch: tuple[int, ...], seed: int, name: str) -> None:
        import torch

        self.policy, self.batch, self.seed, self.name = policy, batch, seed, name
        shape = (6, *batch)
        self.observation = _samples(policy.observation_space, shape, seed)
        self.is_first = torch.rand(shape, generator=self._generator()) < 0.3
        self.is_first[0] = torch.arange(math.prod(batch)).reshape(batch) % 2 == 0
        initial = policy.initial_state(*batch)
        self.state = {name: torch.randn_like(zeros) for name, zeros in initial.items()}

    def check_step(self) -> None:
        import numpy as np

        step, initial = self._act(), self.policy.initial_state(*self.batch)
        scalars = {"log_prob": step.log_prob} | ({} if step.value is None else {"value": step.value})
        for what, found in scalars.items():
            assert found.shape == self.batch, f"{self.name}: {what} is {tuple(found.shape)}"
            assert found.isfinite().all(), f"{self.name}: {what} is not finite"
        shapes = [{key: tuple(held.shape) for key, held in state.items()} for state in (step.state, initial)]
        assert shapes[0] == shapes[1], f"{self.name}: hidden states are {shapes[0]}, at first {shapes[1]}"
        taken, space = self.policy.to_environment(step.action), self.policy.action_space
        for index in np.ndindex(*self.batch):
            one = _at(taken, index)
            assert space.contains(one), f"{self.name}: to_environment gives {one!r}, outside {space}"

    def check_draws(self) -> None:
        draws = [self._act() for _ in range(2)]
        modes = [self._act(deterministic=True, generator=self._generator(other)) for other in range(2)]
        self._same(modes[1].action, modes[0].action, "deterministic actions of a second call")
        self._same(draws[1].action, draws[0].action, "actions drawn from a generator in the same state")
        for step in (modes[0], draws[0]):
            again = self._evaluate([step], slice(1)).log_prob[0]
            # An action that was rounded may have lost digits that its log-probability was drawn with.
            self._same(again, step.log_prob, "log_prob of an action, evaluated", 1e-3)

    def check_sequence(self) -> None:
        state: State = self.state
        steps: list[Step] = []
        alone: list[Evaluation] = []
        for t in range(len(self.is_first)):
            steps.append(self._act(t, state=state))
            alone.append(self._evaluate(steps[-1:], slice(t, t + 1), state))
            if steps[-1].value is not None:
                value = self.policy.value(_at(self.observation, t), state, self.is_first[t])
                self._same(value, steps[-1].value, "value()")
                self._same(_at(alone[-1].value, 0), value, "value of evaluate")
            state = steps[-1].state
        whole = self._evaluate(steps, slice(None))
        for what in ("log_prob", "entropy", "value"):
            each = [getattr(one, what) for one in alone]
            if each[0] is not None:
                self._same(getattr(whole, what), _stack(each)[:, 0], f"{what} of a sequence")
        self._same(whole.state, state, "hidden states after a sequence")

    def check_reset(self) -> None:
        import torch

        spoilt = {key: torch.full_like(held, torch.nan) for key, held in self.state.items()}
        reset = self._act(state=spoilt, is_first=torch.ones_like(self.is_first[0]))
        fresh = self._act(state=self.policy.initial_state(*self.batch), is_first=None)
        self._same(reset.log_prob, fresh.log_prob, "log_prob after a reset")
        self._same(reset.state, fresh.state, "hidden states after a reset")
        default = self._act(state=None, is_first=None)
        self._same(default.log_prob, fresh.log_prob, "log_prob without a state")

    def check_rows(self) -> None:
        """Change what the last row sees and remembers: the others stay as they are."""
        last = (-1,) * len(self.batch)

        def change(x: Any, other: Any) -> Any:
            x = x.clone()
            x[last] = other[last]
            return x

        from framework.rl.trees import tree_map

        rest = lambda x: x.flatten(0, len(last) - 1)[:-1]  # noqa: E731
        before = self._act()
        observation = tree_map(change, _at(self.observation, 0), _at(self.observation, 1))
        state = {key: change(held, -held) for key, held in self.state.items()}
        after = self.policy.act(observation, state, self.is_first[0], generator=self._generator())
        for what in ("action", "log_prob", "state") + (() if before.value is None else ("value",)):
            others = [tree_map(rest, getattr(step, what)) for step in (after, before)]
            self._same(others[0], others[1], f"{what} of a row after a change of another row")

    def check_gradients(self) -> None:
        from framework.rl.trees import leaves

        judged = self._evaluate([self._act(t) for t in range(len(self.is_first))], slice(None))
        total = judged.log_prob.sum() + judged.entropy.sum()
        total = total + (0 if judged.value is None else judged.value.sum())
        modes = list(leaves(judged.distribution.mode()))
        total = total + sum(mode.sum() for mode in modes if mode.is_floating_point())
        parameters = {key: value for key, value in self.policy.named_parameters() if value.requires_grad}
        total.backward()
        lost = [key for key, value in parameters.items() if value.grad is None]
        self.policy.zero_grad()
        assert not lost, f"{self.name}: no gradient reaches {', '.join(lost)}"

    def _generator(self, other: int = 0) -> Any:
        import torch

        return torch.Generator().manual_seed(self.seed + other)

    def _act(self, t: int = 0, **options: Any) -> Step:
        given = {"state": self.state, "is_first": self.is_first[t], "generator": self._generator()}
        return self.policy.act(_at(self.observation, t), **{**given, **options})

    def _evaluate(self, steps: list[Step], rows: slice, state: State | None = None) -> Evaluation:
        action, state = _stack([step.action for step in steps]), self.state if state is None else state
        return self.policy.evaluate(_at(self.observation, rows), action, state, self.is_first[rows])

    def _same(self, found: Any, expected: Any, what: str, tolerance: float = 2e-5) -> None:
        import torch

        from framework.rl.trees import leaves

        for one, other in zip(leaves(found), leaves(expected), strict=True):
            assert one.shape == other.shape, f"{self.name}: {what}: {one.shape} instead of {other.shape}"
            close = torch.isclose(one.double(), other.double(), rtol=tolerance, atol=tolerance)
            assert close.all(), f"{self.name}: {what}: {one[~close][:3]} instead of {other[~close][:3]}"


def _samples(space: Any, shape: tuple[int, ...], seed: int) -> Any:
    """Elements of a space as a tree of tensors `(*shape, ...)`."""
    import numpy as np

    from framework.rl.trees import to_tensors, tree_map

    space = copy.deepcopy(space)
    space.seed(seed)
    drawn = tree_map(lambda *each: np.stack(each), *(space.sample() for _ in range(math.prod(shape))))
    return to_tensors(tree_map(lambda x: x.reshape(*shape, *x.shape[1:]), drawn))


def _stack(trees: list[Any]) -> Any:
    import torch

    from framework.rl.trees import tree_map

    return tree_map(lambda *each: torch.stack(each), *trees)


def _at(tree: Any, index: Any) -> Any:
    from framework.rl.trees import tree_map

    return tree_map(lambda x: x[index], tree)
