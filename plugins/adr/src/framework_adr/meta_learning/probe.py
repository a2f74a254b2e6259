"""What the hidden state of a policy knows of the physics that it is not told."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn

from framework.errors import UserError
from framework.progress import tell
from framework.report import Report, Table
from framework.rl.acting import rivals
from framework.rl.mlp import mlp
from framework.rl.policy import Player
from framework_adr.meta_learning.config import ProbeConfig
from framework_adr.meta_learning.trials import Trials

Floats: TypeAlias = NDArray[np.float32]

#: Of the probe's training.
LEARNING_RATE, WEIGHT_DECAY = 3e-3, 1e-2


class Probe:
    """A small network learns to tell parameters from the actor's hidden state (section 9 of the paper).

    A probe of its own is trained for each of the times in `at`, on three quarters of the episodes, a fifth
    of which say when to stop, and judged on the rest: R² is 1 if it always tells the value, 0 if it does no
    better than by naming the mean.
    Nothing that only the critic sees is used.

    Metrics are `{parameter}`, R² at the last of the times, and `mean` over the parameters.

    Args:
        config: the parameters.
    """

    def __init__(self, config: ProbeConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Probe the policy, and those in `against`.

        Raises:
            UserError: a policy has no memory, an episode is over before the last of the times, or a
                checkpoint does not fit.
        """
        config = self.config
        players = rivals(algorithm, config.name, config.against)
        found = {}
        for i, (name, player) in enumerate(players.items()):
            if not player.remembers:
                raise UserError(f"{name} has no memory to probe\n  it is for model: {{memory: lstm}} or gru")
            found[name] = self._told(environment, player, i, len(players))
        return _report(found, config)

    def _told(self, environment: Any, player: Player, before: int, policies: int) -> NDArray[np.float64]:
        """R² by time and parameter, `(times, parameters)`."""
        config = self.config
        trials = Trials(environment, config.physics, config.episodes, config.seed)
        hidden: list[Floats] = []
        at = {number: i for i, number in enumerate(config.at)}
        known = np.zeros(len(at), np.int64)
        for moment in trials.play(player):
            tell(before * config.episodes + int(moment.trials[0]), policies * config.episodes, "episodes")
            if moment.number not in at:
                continue
            i, playing = at[moment.number], moment.playing
            state = (player.state or {})["actor"].numpy()
            if not hidden:
                hidden = [np.zeros((config.episodes, state.shape[1]), np.float32) for _ in at]
            hidden[i][moment.trials[playing]] = state[playing]
            known[i] += playing.sum()
        if (known < config.episodes).any():
            step = config.at[int(np.argmax(known < config.episodes))]
            raise UserError(
                f"an episode is over before step {step}\n  probe earlier, by at: [...], "
                "or give the evaluator an environment whose episodes are longer"
            )
        values = np.stack(list(trials.values.values()), axis=1)
        return np.stack([self._r2(each, values) for each in hidden])

    def _r2(self, hidden: Floats, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Train a probe and judge it; `(parameters,)`."""
        tested = len(hidden) // 4
        test, seen = slice(0, tested), slice(tested, None)
        held = slice(tested, tested + (len(hidden) - tested) // 5)
        train = slice(held.stop, None)
        x, y = (_standardised(torch.from_numpy(each).float(), seen) for each in (hidden, values))
        with torch.random.fork_rng():
            torch.manual_seed(self.config.seed)
            probe = mlp(x.shape[1], [self.config.hidden], y.shape[1])
        optimizer = torch.optim.AdamW(probe.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        least, error = float("inf"), torch.zeros(y.shape[1])
        for _ in range(self.config.epochs):
            with torch.no_grad():
                off = (probe(x) - y).square()
            if (now := float(off[held].mean())) < least:
                least, error = now, off[test].mean(0)
            with torch.enable_grad():
                optimizer.zero_grad()
                nn.functional.mse_loss(probe(x[train]), y[train]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        told: NDArray[np.float64] = (1 - error / y[test].var(0, correction=0)).double().numpy()
        return told


def _standardised(x: Tensor, by: slice) -> Tensor:
    """Zero mean and unit deviation, as measured in some of the rows."""
    return (x - x[by].mean(0)) / x[by].std(0).clamp_min(1e-6)


def _report(found: dict[str, NDArray[np.float64]], config: ProbeConfig) -> Report:
    report, rows, names = Report(), [], list(config.physics)
    for policy, told in found.items():
        prefix = "" if policy == config.name else f"{policy}/"
        report.metrics |= {prefix + name: float(each) for name, each in zip(names, told[-1], strict=True)}
        report.metrics[f"{prefix}mean"] = float(told[-1].mean())
        rows += [[policy, step, *each, each.mean()] for step, each in zip(config.at, told, strict=True)]
    caption = (
        f"R² of probes of the hidden state on {config.episodes // 4} episodes that they did not learn from."
    )
    report.tables["probe"] = Table(["policy", "after step", *names, "mean"], rows, caption=caption)
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for policy, told in found.items():
        axes.plot(config.at, told.mean(axis=1), marker="o", label=policy)
    axes.set(xlabel="steps of the episode", ylabel="R², mean over parameters", xscale="log")
    axes.legend()
    axes.grid(alpha=0.3)
    report.figures["probe"] = figure
    return report
