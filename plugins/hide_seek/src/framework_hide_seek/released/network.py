"""The released policies' network, and how it is read from their files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from framework.errors import UserError
from framework.rl.memory import Memory
from framework.rl.policy import ActorCritic
from framework.rl.selfplay.teams import agent_spaces
from framework_hide_seek.model.encoder import kinds
from framework_hide_seek.released.arrays import Arrays
from framework_hide_seek.released.observing import Translation
from framework_hide_seek.spaces import CHOICES, LIDAR_RAYS

#: TensorFlow's layer normalisation adds this to the variance.
_EPS = 1e-12


def load_released(path: str | Path, environment: Any) -> ActorCritic:
    """A policy that the authors released, for the agents of an environment of this plugin.

    It has no critic: it plays, and is not trained. The layout of the file is told by the plugin's page.

    Args:
        path: its file, `.npz`; no code in it is run.
        environment: whose agents it is to play.

    Raises:
        UserError: it is no such file, the message names the first array that is missing or of a wrong
            shape; or the policy knows of things that the environment has none of.
    """
    seen, done = agent_spaces(environment)
    arrays = Arrays(Path(path))
    trunk = ReleasedTrunk(arrays, kinds(seen))
    policy = ActorCritic(seen, done, trunk, None)  # type: ignore[arg-type]
    assert isinstance(done, spaces.MultiDiscrete)
    sizes = {"action_movement": sum(CHOICES[:3]), "action_pull": CHOICES[3], "action_glueall": CHOICES[4]}
    heads = [arrays.dense(f"policy_out/{name}/dense", trunk.features, size) for name, size in sizes.items()]
    state = {f"linear.{part}": np.concatenate([head[part] for head in heads]) for part in ("weight", "bias")}
    policy.head.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    return policy.eval().requires_grad_(False)


class ReleasedTrunk(nn.Module):
    """From observations to the features that actions are chosen by, as in the authors' files.

    What an agent knows of itself is joined by a convolution around the lidar; that and every entity beside
    it pass a dense layer for each kind; masked self-attention with a residual; the mean over what is
    seen, beside the agent itself; then dense layers, normalisations and an LSTM, in the order that their
    numbers say.

    Args:
        arrays: of the file.
        known: kinds of entities that the environment has.

    Attributes:
        features: numbers out.
        state_size: numbers remembered.
    """

    def __init__(self, arrays: Arrays, known: list[str]) -> None:
        super().__init__()
        self.translation = Translation(arrays, known)
        ((_, conv),) = _one(arrays, r"circ_conv1d(\d+)")
        name = f"policy_net/{conv}/conv1d"
        kernel = arrays.get(f"{name}/kernel", None, 1, None)
        size, _, filters = kernel.shape
        self.lidar = nn.Conv1d(1, filters, size, padding=size // 2, padding_mode="circular")
        _fill(self.lidar, weight=kernel.transpose(2, 1, 0), bias=arrays.get(f"{name}/bias", filters))
        ((after, attention),) = _one(arrays, r"self-attention(\d+)")
        entity = [(number, part) for number, part in arrays.layers(r"dense(\d+)-\d+") if number < after]
        if not entity:
            raise UserError(f"{arrays.path} has no dense layers before {attention}, which embed entities")
        number, main = entity[0][0], 10 + LIDAR_RAYS * filters
        places = list(self.translation.kinds)
        # The agent itself after agents, boxes and ramps, before sites.
        self.own = len(places) - ("sites" in places)
        places.insert(self.own, "self")
        self.places, self.embed = places, nn.ModuleList()
        units: int | None = None
        for index, kind in enumerate(places):
            inputs = main + (0 if kind == "self" else self.translation.sizes[kind])
            self.embed.append(_dense(arrays, f"policy_net/dense{number}-{index}", inputs, units))
            units = self.embed[0].out_features  # type: ignore[assignment]
        assert units is not None
        block = f"policy_net/{attention}/residual_sa_block{after}"
        self.attention = _Attention(arrays, block, units)
        self.tail = nn.ModuleList()
        width = 2 * units
        for place, layer in arrays.layers(r"(?:dense|layernorm|lstm)(\d+)(?:-0)?"):
            if place > after:
                module, width = _layer(arrays, f"policy_net/{layer}", width)
                self.tail.append(module)
        self.features = width
        memories = [layer for layer in self.tail if isinstance(layer, Memory)]
        if len(memories) != 1:
            raise UserError(f"{arrays.path} has {len(memories)} LSTMs behind {attention}, not one")
        self.state_size = memories[0].state_size

    def forward(
        self, observation: Any, state: Tensor | None, is_first: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Observations `(T, *batch, ...)` to features and the state after the last step."""
        told = self.translation(observation)
        steps = told["self"].shape[:-1]
        rays = self.lidar(told["lidar"].reshape(-1, 1, LIDAR_RAYS)).relu()
        # Ray by ray, as the arrays behind have it.
        main = torch.cat([told["self"], rays.transpose(1, 2).reshape(*steps, -1)], -1)
        embedded, there = [], []
        for kind, layer in zip(self.places, self.embed, strict=True):
            if kind == "self":
                embedded.append(layer(main).relu().unsqueeze(-2))
                there.append(main.new_ones(*steps, 1))
                continue
            count = told[kind].shape[-2]
            beside = main.unsqueeze(-2).expand(*steps, count, -1)
            embedded.append(layer(torch.cat([beside, told[kind]], -1)).relu())
            there.append(told[f"{kind}_mask"])
        own, mask = embedded[self.own].squeeze(-2), torch.cat(there, -1)
        x = self.attention(torch.cat(embedded, -2), mask)
        pooled = (x * mask.unsqueeze(-1)).sum(-2) / (mask.sum(-1, keepdim=True) + 1e-5)
        x, after = torch.cat([own, pooled], -1), None
        for layer in self.tail:
            if isinstance(layer, Memory):
                x, after = layer(x, state, is_first)
            elif isinstance(layer, nn.Linear):
                x = layer(x).relu()
            else:
                x = layer(x)
        return x, after


class _Attention(nn.Module):
    """Masked self-attention with a residual; normalised before and behind where the file says so."""

    def __init__(self, arrays: Arrays, block: str, units: int) -> None:
        super().__init__()
        inside = f"{block}/self_attention/qkv_embed"
        self.queries_keys = _dense(arrays, f"{inside}/qk_embed", units, 2 * units)
        self.values = _dense(arrays, f"{inside}/v_embed", units, units)
        self.out = _dense(arrays, f"{block}/mlp1", units, units)
        self.before = _norm(arrays, f"{inside}/pre_sa_layer_norm", units, optional=True)
        self.behind = _norm(arrays, f"{block}/post_a_layernorm", units, optional=True)
        if units % 4:
            raise UserError(f"{arrays.path}: 4 heads cannot share out {units} units of {block}")
        self.heads = 4

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`(*batch, entities, units)`, of which `mask` says who is there, `(*batch, entities)`."""
        normed = self.before(x)
        shape = (*x.shape[:-1], self.heads, -1)
        both = self.queries_keys(normed).reshape(*shape, 2)
        query, key = (part.transpose(-2, -3) for part in both.unbind(-1))
        value = self.values(normed).reshape(shape).transpose(-2, -3)
        logits = query @ key.mT / math.sqrt(query.shape[-1])
        hidden = (1 - mask)[..., None, None, :] * 1e10
        found = ((logits - hidden).softmax(-1) @ value).transpose(-2, -3).flatten(-2)
        return self.behind(x + self.out(found))  # type: ignore[no-any-return]


def _one(arrays: Arrays, pattern: str) -> list[tuple[int, str]]:
    found = arrays.layers(pattern)
    if len(found) != 1:
        what = pattern.partition("(")[0]
        raise UserError(f"{arrays.path} has {len(found)} layers policy_net/{what}, where one is needed")
    return found


def _layer(arrays: Arrays, name: str, width: int) -> tuple[nn.Module, int]:
    """A layer on `width` numbers, and how many it puts out."""
    kind = name.rpartition("/")[2]
    if kind.startswith("dense"):
        dense = _dense(arrays, name, width, None)
        return dense, dense.out_features
    if kind.startswith("layernorm"):
        return _norm(arrays, name, width), width
    memory = _lstm(arrays, f"{name}/rnn/basic_lstm_cell", width)
    return memory, memory.features


def _dense(arrays: Arrays, name: str, inputs: int, outputs: int | None) -> nn.Linear:
    found = arrays.dense(name, inputs, outputs)
    layer = nn.Linear(inputs, len(found["bias"]))
    _fill(layer, **found)
    return layer


def _norm(arrays: Arrays, name: str, units: int, *, optional: bool = False) -> nn.Module:
    """A layer normalisation; if it is optional and the file has none, nothing."""
    inner = f"{name}/LayerNorm"
    if optional and f"{inner}/gamma" not in arrays.arrays:
        return nn.Identity()
    layer = nn.LayerNorm(units, eps=_EPS)
    _fill(layer, weight=arrays.get(f"{inner}/gamma", units), bias=arrays.get(f"{inner}/beta", units))
    return layer


def _lstm(arrays: Arrays, name: str, inputs: int) -> Memory:
    """TensorFlow's basic cell: one matrix for input and state, gates i, j, f, o, and 1 added to f."""
    bias = arrays.get(f"{name}/bias", None)
    units = len(bias) // 4
    kernel = arrays.get(f"{name}/kernel", inputs + units, 4 * units)
    order = np.concatenate([np.arange(units) + gate * units for gate in (0, 2, 1, 3)])
    bias = bias.copy()
    bias[2 * units : 3 * units] += 1.0
    memory = Memory(inputs, units, "lstm")
    weight = kernel.T[order]
    _fill(
        memory.net,
        weight_ih_l0=weight[:, :inputs],
        weight_hh_l0=weight[:, inputs:],
        bias_ih_l0=bias[order],
        bias_hh_l0=np.zeros_like(bias),
    )
    return memory


def _fill(layer: nn.Module, **arrays: Any) -> None:
    with torch.no_grad():
        for name, array in arrays.items():
            getattr(layer, name).copy_(torch.from_numpy(np.ascontiguousarray(array)))
