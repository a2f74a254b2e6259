"""Released policies: files made up with their layout, played beside the same sums in NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game
from framework_hide_seek.released.network import load_released
from framework_hide_seek.tasks.blueprint import make_blueprint
from framework_hide_seek.tasks.config import BlueprintConfig

Arrays = dict[str, np.ndarray]


def made_up(kinds: dict[str, int], norms: bool, units: int = 8, hidden: int = 6, state: int = 4) -> Arrays:
    """Arrays as the authors' files have them: as the quadrant's, or, with more normalisations, as others'."""
    random = np.random.default_rng(0)
    arrays: Arrays = {"policy_fn_and_args": np.array(b"a pickle")}

    def add(name: str, *shape: int) -> None:
        arrays[f"policy/{name}:0"] = (0.4 * random.normal(size=shape)).astype(np.float32)

    def dense(name: str, inputs: int, outputs: int) -> None:
        add(f"{name}/kernel", inputs, outputs)
        add(f"{name}/bias", outputs)

    def norm(name: str, size: int) -> None:
        add(f"{name}/LayerNorm/gamma", size)
        add(f"{name}/LayerNorm/beta", size)

    scales = {"self_obs/obsfilter": 10, "lidar/obsfilter/lidar": 1}
    scales |= {f"{kind}/obsfilter/{kind}": size for kind, size in kinds.items()}
    for name, size in scales.items():
        mean, weight = random.normal(size=size), random.uniform(0.5, 1, size)
        square = mean**2 + random.uniform(0, 2, size)
        for part, value in (("mean", mean * weight), ("sq", square * weight), ("debiasing_term", weight)):
            arrays[f"policy/normalize_{name}/{part}:0"] = value.astype(np.float32)
    net, main = "policy_net/", 10 + 30 * 9
    add(f"{net}/circ_conv1d0/conv1d/kernel", 3, 1, 9)
    add(f"{net}/circ_conv1d0/conv1d/bias", 9)
    order = [kind for kind in kinds if "site" not in kind] + [""] + [kind for kind in kinds if "site" in kind]
    for index, kind in enumerate(order):
        dense(f"{net}/dense6-{index}", main + kinds.get(kind, 0), units)
    block = f"{net}/self-attention8/residual_sa_block8"
    dense(f"{block}/self_attention/qkv_embed/qk_embed", units, 2 * units)
    dense(f"{block}/self_attention/qkv_embed/v_embed", units, units)
    dense(f"{block}/mlp1", units, units)
    tail = ["dense11-0", "lstm12", "layernorm13"]
    if norms:
        norm(f"{block}/self_attention/qkv_embed/pre_sa_layer_norm", units)
        norm(f"{block}/post_a_layernorm", units)
        tail = ["layernorm11", "dense12-0", "layernorm13", "lstm14", "layernorm15"]
        norm(f"{net}/layernorm11", 2 * units)
        norm(f"{net}/layernorm13", hidden)
    dense(f"{net}/{tail[-3] if not norms else tail[1]}", 2 * units, hidden)
    dense(f"{net}/{tail[-2]}/rnn/basic_lstm_cell", hidden + state, 4 * state)
    norm(f"{net}/{tail[-1]}", state)
    for name, size in (("movement", 33), ("pull", 2), ("glueall", 2)):
        dense(f"policy_out/action_{name}/dense", state, size)
    return arrays


class ByHand:
    """The network in NumPy, one agent at a time."""

    def __init__(self, arrays: Arrays, kinds: dict[str, int], norms: bool) -> None:
        self.arrays, self.kinds, self.norms, self.cell, self.out = arrays, kinds, norms, 0.0, 0.0

    def get(self, name: str) -> np.ndarray:
        return self.arrays[f"policy/{name}:0"].astype(np.float64)

    def dense(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.get(f"{name}/kernel") + self.get(f"{name}/bias")

    def norm(self, name: str, x: np.ndarray) -> np.ndarray:
        scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return scaled * self.get(f"{name}/LayerNorm/gamma") + self.get(f"{name}/LayerNorm/beta")

    def scaled(self, name: str, x: np.ndarray) -> np.ndarray:
        mean, square, weight = (self.get(f"normalize_{name}/{p}") for p in ("mean", "sq", "debiasing_term"))
        mean = mean / weight
        return np.clip((x - mean) / np.sqrt(np.maximum(square / weight - mean**2, 0.01)), -5, 5)

    def resting(self, name: str) -> float:
        return float((self.get(f"normalize_{name}/mean") / self.get(f"normalize_{name}/debiasing_term"))[2])

    def logits(
        self, own: np.ndarray, lidar: np.ndarray, things: dict[str, np.ndarray], seen: dict[str, np.ndarray]
    ) -> np.ndarray:
        net, relu = "policy_net/", lambda x: np.maximum(x, 0)
        rays = self.scaled("lidar/obsfilter/lidar", lidar[:, None])[:, 0]
        kernel, bias = (
            self.get(f"{net}/circ_conv1d0/conv1d/kernel"),
            self.get(f"{net}/circ_conv1d0/conv1d/bias"),
        )
        near = np.stack([rays[(np.arange(30) + i - 1) % 30] for i in range(3)], 1)  # left, itself, right
        main = np.concatenate(
            [self.scaled("self_obs/obsfilter", own), relu(near @ kernel[:, 0] + bias).ravel()]
        )
        rows, mask, index = [], [], 0
        order = [k for k in self.kinds if "site" not in k] + [""] + [k for k in self.kinds if "site" in k]
        for index, kind in enumerate(order):
            if not kind:
                embedded = relu(self.dense(f"{net}/dense6-{index}", main))
                rows.append(embedded)
                mask.append(1)
                continue
            for thing, visible in zip(things[kind], seen[kind], strict=True):
                told = np.concatenate([main, self.scaled(f"{kind}/obsfilter/{kind}", thing)])
                rows.append(relu(self.dense(f"{net}/dense6-{index}", told)))
                mask.append(int(visible))
        x, there = np.stack(rows), np.array(mask) == 1
        block = f"{net}/self-attention8/residual_sa_block8"
        inside = f"{block}/self_attention/qkv_embed"
        normed = self.norm(f"{inside}/pre_sa_layer_norm", x) if self.norms else x
        both = self.dense(f"{inside}/qk_embed", normed).reshape(len(x), 4, -1, 2)
        value = self.dense(f"{inside}/v_embed", normed).reshape(len(x), 4, -1)
        found = np.zeros_like(value)
        for i in range(len(x)):
            for head in range(4):
                score = both[there, head, :, 1] @ both[i, head, :, 0] / np.sqrt(both.shape[2])
                weight = np.exp(score - score.max())
                found[i, head] = weight / weight.sum() @ value[there, head]
        x = x + self.dense(f"{block}/mlp1", found.reshape(len(x), -1))
        if self.norms:
            x = self.norm(f"{block}/post_a_layernorm", x)
        y = np.concatenate([embedded, x[there].sum(0) / (there.sum() + 1e-5)])
        if self.norms:
            y = self.norm(
                f"{net}/layernorm13", relu(self.dense(f"{net}/dense12-0", self.norm(f"{net}/layernorm11", y)))
            )
        else:
            y = relu(self.dense(f"{net}/dense11-0", y))
        cell = f"{net}/lstm{14 if self.norms else 12}/rnn/basic_lstm_cell"
        bias_size = len(self.get(f"{cell}/bias")) // 4
        before = np.zeros(bias_size) if np.isscalar(self.out) else self.out
        i, j, f, o = np.split(self.dense(cell, np.concatenate([y, before])), 4)
        sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
        self.cell = sigmoid(f + 1) * self.cell + sigmoid(i) * np.tanh(j)
        self.out = np.tanh(self.cell) * sigmoid(o)
        y = self.norm(f"{net}/layernorm{15 if self.norms else 13}", self.out)
        names = ("movement", "pull", "glueall")
        return np.concatenate([self.dense(f"policy_out/action_{name}/dense", y) for name in names])


QUADRANT = {"agent_qpos_qvel": 10, "box_obs": 12, "ramp_obs": 9}
FULL = {"agent_qpos_qvel": 10, "box_obs": 15, "ramp_obs": 15}


def written(path: Path, arrays: Arrays) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(("kinds", "norms"), [(QUADRANT, False), (FULL, True)])
def test_it_chooses_as_the_file_says(tmp_path: Path, kinds: dict[str, int], norms: bool) -> None:
    """Over some steps of a game, for one hider and one seeker, what is observed taken from the simulation."""
    game = Game(GameConfig(num_envs=2, steps=12, preparation=0.5, ramps=1))
    arrays = made_up(kinds, norms)
    policy = load_released(written(tmp_path / "a.npz", arrays), game)
    hands = [{agent: ByHand(arrays, kinds, norms) for agent in (0, 3)} for _ in range(2)]
    observation, _ = game.reset(seed=0)
    state = policy.initial_state(2, 4)
    game.action_space.seed(0)
    for step in range(5):
        tensors = {key: torch.from_numpy(value) for key, value in observation.items()}
        distribution, value, state = policy({k: x[None] for k, x in tensors.items()}, state)
        assert value is None
        logits = distribution.parts[0].logits[0]
        for env in range(2):
            for agent, hand in hands[env].items():
                expected = hand.logits(*by_the_simulation(game, env, agent, hand, step))
                probabilities = [np.exp(x) / np.exp(x).sum() for x in np.split(expected, [11, 22, 33, 35])]
                for i, p in enumerate(probabilities):
                    found = logits[env, agent, i, : len(p)].softmax(-1).numpy()
                    np.testing.assert_allclose(found, p, rtol=2e-3, atol=1e-4)
        observation = game.step(game.action_space.sample())[0]


def by_the_simulation(game: Game, env: int, agent: int, hand: ByHand, step: int) -> Any:
    """What the released environment would observe, from positions, turns and locks."""
    q, v, over = game.qpos[env], game.qvel[env], min(1.0, step / 6)

    def of_agent(i: int, name: str) -> list[float]:
        turn = (q[i, 3] + np.pi) % (2 * np.pi) - np.pi
        z = q[i, 2] - 0.15 + hand.resting(name)
        return [q[i, 0], q[i, 1], z, turn, *v[i], float(game.hides[i]), over]

    def of_thing(i: int, kind: str, size: int) -> list[float]:
        z = q[i, 2] - 0.25 + hand.resting(f"{kind}/obsfilter/{kind}")
        found = [q[i, 0], q[i, 1], z, np.cos(q[i, 3]), np.sin(q[i, 3]), *v[i]]
        if size == 15:
            found += [*(2 * game.half[env, i - 4])] if kind == "box_obs" else [0, 0, 0]
        who, locked = game.hands.locker[env, i - 4], game.hands.locked[env, i - 4]
        if size >= 12:
            found += [locked and who == agent, locked and game.hides[who] == game.hides[agent], locked]
        return [float(x) for x in found]

    others, boxes, ramps = [i for i in range(4) if i != agent], range(4, 6), range(6, 7)
    name = "agent_qpos_qvel/obsfilter/agent_qpos_qvel"
    things = {
        "agent_qpos_qvel": np.array([of_agent(i, name) for i in others]),
        "box_obs": np.array([of_thing(i, "box_obs", hand.kinds["box_obs"]) for i in boxes]),
        "ramp_obs": np.array([of_thing(i, "ramp_obs", hand.kinds["ramp_obs"]) for i in ramps]),
    }
    sees = game.sees[env, agent]
    seen = {kind: sees[list(which)] for kind, which in zip(things, (others, boxes, ramps), strict=True)}
    own = np.array(of_agent(agent, "self_obs/obsfilter"))
    lidar = game._last["lidar"][env, agent].astype(float)
    return own, lidar, things, seen


def test_a_policy_that_knows_sites_plays_blueprints(tmp_path: Path) -> None:
    task = make_blueprint(BlueprintConfig(num_envs=2, steps=5))
    kinds = {"box_obs": 15, "construction_site_obs": 15}
    arrays = made_up(kinds, norms=True)
    policy = load_released(written(tmp_path / "a.npz", arrays), task)
    observation, _ = task.reset(seed=0)
    tensors = {key: torch.from_numpy(value) for key, value in observation.items()}
    step = policy.act(tensors, policy.initial_state(2, 1), deterministic=True)
    assert task.single_action_space.shape == (1, 5)
    task.step(policy.to_environment(step.action))
    told = policy.trunks["actor"].translation(tensors)
    hand = ByHand(arrays, kinds, norms=True)
    site = task.sites[0, 0]
    corners = [(site[0] + a, site[1] + b, 0.25) for a in (-0.25, 0.25) for b in (-0.25, 0.25)]
    expected = hand.scaled(
        "construction_site_obs/obsfilter/construction_site_obs", np.array([*site, 0.25, *np.ravel(corners)])
    )
    np.testing.assert_allclose(told["sites"][0, 0, 0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policy_net//dense6-1/kernel": None}, "no array policy_net/dense6-1/kernel"),
        (
            {"policy_net//dense6-1/kernel": np.zeros((5, 8))},
            r"dense6-1/kernel is \(5, 8\).*\(292, 8\)",
        ),
        ({"policy_net//lstm12/rnn/basic_lstm_cell/bias": np.zeros(12)}, r"kernel is .*\(9, 12\)"),
        ({"normalize_ramp_obs/obsfilter/ramp_obs/mean": np.zeros(7)}, r"\(7,\), where one of"),
        (
            {"normalize_food_obs/obsfilter/food_obs/mean": np.zeros(5)},
            "food_obs, which the environment",
        ),
        ({"policy_out/action_pull/dense/bias": np.array(["a", "b"])}, "no numbers"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    arrays = made_up(QUADRANT, norms=False) | {f"policy/{name}:0": x for name, x in changes.items()}
    path = written(tmp_path / "a.npz", {name: x for name, x in arrays.items() if x is not None})
    with pytest.raises(UserError, match=said):
        load_released(path, Game(GameConfig(num_envs=1)))


def test_files_of_something_else(tmp_path: Path) -> None:
    game = Game(GameConfig(num_envs=1))
    (tmp_path / "text.npz").write_text("no arrays")
    np.savez(tmp_path / "other.npz", weight=np.zeros(3))
    for name, said in (
        ("text", "not a file of arrays"),
        ("other", "it has weight"),
        ("none", "No such file"),
    ):
        with pytest.raises(UserError, match=said):
            load_released(tmp_path / f"{name}.npz", game)
