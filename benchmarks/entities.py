"""A learner's update of hide_seek/entities against that of a straightforward PyTorch implementation.

`python -m benchmarks.entities`
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.timing import Scores, Work, take_turns
from framework.rl.policy import ActorCritic
from framework_hide_seek.model.config import EntitiesConfig
from framework_hide_seek.model.policy import make_policy
from framework_hide_seek.spaces import action_space, observation_space

#: Steps of a sequence, sequences in a minibatch, the share of steps at which an episode starts.
STEPS, SEQUENCES, STARTS = 10, 128, 1 / 80
SIZES = {"paper": EntitiesConfig(), "small": EntitiesConfig(embedding=32, heads=2, hidden=64, units=64)}
TARGET = 2.0
PASSES = 2


class Game:
    """The spaces of two against two in the quadrant."""

    agents = ("hider_0", "hider_1", "seeker_0", "seeker_1")
    single_observation_space = observation_space(4, 2, 1, 0)
    single_action_space = action_space(4)


class Straightforward(nn.Module):
    """One network as the paper describes it, with PyTorch's modules, one after the other.

    Each entity is put beside the agent's own features for its dense layer, attention is
    `nn.MultiheadAttention`, and the LSTM goes step by step, so that it can be reset between any two.
    """

    def __init__(self, trunk: Any, config: EntitiesConfig) -> None:
        super().__init__()
        encoder, self.config = trunk.encoder, config
        self.kinds, self.masks = encoder.kinds, encoder.masks
        self.conv = nn.Conv1d(
            1, config.filters, config.kernel, padding=config.kernel // 2, padding_mode="circular"
        )
        width, main = config.embedding, encoder.main.in_features
        self.dense = nn.ModuleList(
            nn.Linear(main + (layer.in_features if layer else 0), width)
            for layer in [None, *encoder.entities]
        )
        self.attention = nn.MultiheadAttention(width, config.heads, batch_first=True)
        self.hidden, self.norm = nn.Linear(width, config.hidden), nn.LayerNorm(config.hidden)
        self.lstm, self.after = nn.LSTM(config.hidden, config.units), nn.LayerNorm(config.units)
        self._copy(trunk)

    @torch.no_grad()
    def _copy(self, trunk: Any) -> None:
        """Take the weights of ours."""
        encoder = trunk.encoder
        self.conv.weight.copy_(encoder.lidar.weight.unsqueeze(1))
        self.conv.bias.copy_(encoder.lidar.bias)  # type: ignore[union-attr]
        weights, biases = (x.split(self.config.embedding) for x in (encoder.main.weight, encoder.main.bias))
        for index, layer in enumerate([None, *encoder.entities]):
            beside = [weights[index]] if layer is None else [weights[index], layer.weight]
            self.dense[index].weight.copy_(torch.cat(beside, 1))
            self.dense[index].bias.copy_(biases[index])
        ours = encoder.attention
        self.attention.in_proj_weight.copy_(torch.cat([ours.queries_keys.weight, ours.values.weight]))
        self.attention.in_proj_bias.copy_(torch.cat([ours.queries_keys.bias, ours.values.bias]))
        self.attention.out_proj.load_state_dict(ours.out.state_dict())
        self.hidden.load_state_dict(trunk.layers[0].state_dict())
        self.norm.load_state_dict(trunk.layers[2].state_dict())
        self.lstm.load_state_dict(trunk.memory.net.state_dict())
        self.after.load_state_dict(trunk.norm.state_dict())

    def forward(self, observation: Mapping[str, Tensor], is_first: Tensor) -> Tensor:
        """`(T, n, ...)` to `(T, n, units)`."""
        steps, n = is_first.shape
        flat = {key: x.flatten(0, 1) for key, x in observation.items()}
        rays = self.conv(flat["lidar"].unsqueeze(1)).relu().transpose(1, 2).flatten(1)
        main = torch.cat([flat["self"], rays], -1)
        entities = [self.dense[0](main).unsqueeze(1)]
        there = [torch.ones_like(main[:, :1], dtype=torch.bool)]
        for kind, mask, layer in zip(self.kinds, self.masks, self.dense[1:], strict=True):
            beside = main.unsqueeze(1).expand(-1, flat[kind].shape[1], -1)
            entities.append(layer(torch.cat([beside, flat[kind]], -1)))
            there.append(flat[mask].bool())
        x, mask = torch.cat(entities, 1).relu(), torch.cat(there, 1)
        x = x + self.attention(x, x, x, key_padding_mask=~mask, need_weights=False)[0]
        pooled = (x * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
        hidden = self.norm(self.hidden(pooled).relu()).unflatten(0, (steps, n))
        state = (torch.zeros(1, n, self.config.units), torch.zeros(1, n, self.config.units))
        outs = []
        for t in range(steps):
            going_on = (~is_first[t]).float()[None, :, None]
            out, state = self.lstm(hidden[t : t + 1], (state[0] * going_on, state[1] * going_on))
            outs.append(out)
        return self.after(torch.cat(outs))  # type: ignore[no-any-return]


def observations(steps: int, n: int) -> tuple[dict[str, Tensor], Tensor]:
    """What agents may see, `(steps, n, ...)`, and where episodes start, `(steps, n)`."""
    generator = torch.Generator().manual_seed(0)
    found = {}
    for key, space in Game.single_observation_space.spaces.items():
        shape = (steps, n, *(space.shape or ())[1:])
        found[key] = torch.randn(shape, generator=generator)
        if space.dtype == np.int8:
            found[key] = (found[key] > 0).to(torch.int8)
    return found, torch.rand(steps, n, generator=generator) < STARTS


def contenders(config: EntitiesConfig) -> dict[str, Callable[[], Work]]:
    """Forward and backward of actor and critic, with the same weights and answers."""
    torch.manual_seed(0)
    policy = make_policy(Game(), config)
    assert isinstance(policy, ActorCritic)
    seen, first = observations(STEPS, SEQUENCES * 4)
    ours = list(policy.trunks.values())
    theirs = [Straightforward(trunk, config) for trunk in ours]
    for trunk, plain in zip(ours, theirs, strict=True):
        torch.testing.assert_close(trunk(seen, None, first)[0], plain(seen, first), rtol=1e-4, atol=1e-5)

    def work(networks: list[Any], forward: Callable[[Any], Tensor]) -> Callable[[], Work]:
        def run() -> Work:
            for _ in range(PASSES):
                sum(forward(each).square().mean() for each in networks).backward()  # type: ignore[union-attr]
            return Work(PASSES)

        return run

    return {
        "ours": work(ours, lambda net: net(seen, None, first)[0]),
        "straightforward": work(theirs, lambda net: net(seen, first)),
    }


def main() -> int:
    """Print the ratios; return 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    scores = Scores()
    for name, config in SIZES.items():
        rates = take_turns(contenders(config), rounds)
        scores.at_least(
            f"update of the {name} network, over a straightforward implementation",
            rates.ratio("ours", "straightforward", "cpu"),
            TARGET,
        )
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
