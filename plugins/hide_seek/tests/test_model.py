"""The model against the paper's formulas in NumPy, one agent and one entity at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces

from framework.errors import UserError
from framework.rl.policy import ActorCritic
from framework.rl.selfplay.policies import TeamPolicies
from framework.rl.selfplay.teams import agent_space
from framework.rl.serving import serve
from framework.runs.exporting import write
from framework.testing import check_policy
from framework_hide_seek.model.config import EntitiesConfig
from framework_hide_seek.model.encoder import EntityEncoder
from framework_hide_seek.model.normalizer import EntityNormalizer
from framework_hide_seek.model.policy import make_policy
from framework_hide_seek.spaces import action_space, observation_space

SMALL: dict[str, Any] = {"filters": 2, "embedding": 6, "heads": 2, "hidden": 8, "units": 4}


class Spaces:
    """An environment that is nothing but its spaces."""

    def __init__(
        self, hiders: int = 2, seekers: int = 1, boxes: int = 2, ramps: int = 1, food: int = 0
    ) -> None:
        count = hiders + seekers
        self.single_observation_space = observation_space(count, boxes, ramps, food)
        self.single_action_space = action_space(count)
        self.agents = [str(i) for i in range(count)]
        teams = {"hiders": range(hiders), "seekers": range(hiders, count)}
        self.teams = {name: places for name, places in teams.items() if places}


def observations(n: int, **counts: int) -> dict[str, torch.Tensor]:
    """What n agents see, `(n, ...)`."""
    space = agent_space(Spaces(**counts).single_observation_space, 3)
    assert isinstance(space, spaces.Dict)
    random = torch.Generator().manual_seed(0)
    found = {}
    for key, part in space.spaces.items():
        numbers = torch.randn(n, *(part.shape or ()), generator=random)
        found[key] = (numbers > 0).to(torch.int8) if part.dtype == np.int8 else numbers
    return found


@pytest.mark.parametrize("changes", [{}, {"layer_norm": False, "normalize": False}, {"separate": True}])
def test_it_is_a_policy(changes: dict[str, Any]) -> None:
    torch.manual_seed(0)
    check_policy(make_policy(Spaces(), EntitiesConfig(**SMALL, **changes)))


@pytest.mark.parametrize("omniscient", [False, True])
def test_features_are_the_papers(omniscient: bool) -> None:
    """Circular convolution, a dense layer on [main, entity] each, masked residual attention, masked mean."""
    torch.manual_seed(1)
    space = agent_space(Spaces().single_observation_space, 3)
    assert isinstance(space, spaces.Dict)
    encoder = EntityEncoder(space, embedding=6, heads=2, filters=2, kernel=5, omniscient=omniscient)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.normal_(std=0.5)
    seen = observations(7)
    found = encoder(seen).detach().double().numpy()
    weights = {name: value.detach().double().numpy() for name, value in encoder.state_dict().items()}
    dense_main, bias = weights["main.weight"].reshape(4, 6, -1), weights["main.bias"].reshape(4, 6)
    queries_keys = weights["attention.queries_keys.weight"].reshape(2, 2, 3, 6)
    shift = weights["attention.queries_keys.bias"].reshape(2, 2, 3)
    values, more = weights["attention.values.weight"].reshape(2, 3, 6), weights["attention.values.bias"]
    for row, expected in enumerate(found):
        one = {key: x[row].double().numpy() for key, x in seen.items()}
        rays = [
            max(0.0, weights["lidar.bias"][f] + sum(
                weights["lidar.weight"][f, k] * one["lidar"][(i + k - 2) % 30] for k in range(5)
            ))
            for i in range(30)
            for f in range(2)
        ]  # fmt: skip
        main = np.concatenate([one["self"], rays])
        there = [np.maximum(0, dense_main[0] @ main + bias[0])]
        for kind, name in enumerate(("agents", "boxes", "ramps"), 1):
            dense = np.concatenate([dense_main[kind], weights[f"entities.{kind - 1}.weight"]], 1)
            known = one[f"{name}_exists" if omniscient else f"{name}_mask"]
            there += [
                np.maximum(0, dense @ np.concatenate([main, entity]) + bias[kind])
                for entity in one[name][known > 0]
            ]
        pooled = np.zeros(6)
        for x in there:
            attended = []
            for head in range(2):
                query, *keys = (
                    queries_keys[which, head] @ y + shift[which, head]
                    for which, y in ((0, x), *((1, y) for y in there))
                )
                logits = np.array([query @ key for key in keys]) / np.sqrt(3)
                share = np.exp(logits) / np.exp(logits).sum()
                attended.append(sum(p * (values[head] @ y) for p, y in zip(share, there, strict=True)))
            out = weights["attention.out.weight"] @ (np.concatenate(attended) + more)
            pooled += (x + out + weights["attention.out.bias"]) / len(there)
        np.testing.assert_allclose(expected, pooled, rtol=1e-4, atol=1e-5)


def test_a_policy_knows_what_is_seen_and_its_critic_all_there_is() -> None:
    torch.manual_seed(0)
    policy = make_policy(Spaces(), EntitiesConfig(**SMALL, normalize=False))
    seen = observations(5)
    hidden = {**seen, **{f"{kind}_mask": 0 * seen[f"{kind}_mask"] for kind in ("agents", "boxes", "ramps")}}
    moved = {**hidden, **{kind: seen[kind] + 1 for kind in ("agents", "boxes", "ramps")}}
    gone = {**moved, **{f"{kind}_exists": 0 * seen[f"{kind}_mask"] for kind in ("agents", "boxes", "ramps")}}
    here, there, nowhere = (policy.act(each, deterministic=True) for each in (hidden, moved, gone))
    torch.testing.assert_close(here.log_prob, there.log_prob)
    torch.testing.assert_close(here.log_prob, nowhere.log_prob)
    assert here.value is not None
    assert there.value is not None
    assert nowhere.value is not None
    assert not torch.isclose(here.value, there.value, atol=1e-6).all()
    assert not torch.isclose(there.value, nowhere.value, atol=1e-6).all()


def test_the_papers_network_has_as_many_parameters_as_the_papers() -> None:
    policy = make_policy(Spaces(2, 2), EntitiesConfig())
    assert 1.55e6 < sum(each.numel() for each in policy.parameters()) < 1.65e6


def test_all_of_a_kind_are_scaled_alike_and_only_those_that_exist() -> None:
    space = agent_space(Spaces().single_observation_space, 3)
    assert isinstance(space, spaces.Dict)
    normalizer, seen = EntityNormalizer(space), observations(50)
    seen["boxes"][seen["boxes_exists"] == 0] = 1e6
    normalizer.update({key: x.reshape(5, 10, *x.shape[1:]) for key, x in seen.items()})
    scaled = normalizer(seen)
    boxes = seen["boxes"][seen["boxes_exists"] > 0].numpy()
    expected = (seen["boxes"].numpy() - boxes.mean(0)) / boxes.std(0)
    np.testing.assert_allclose(scaled["boxes"], expected.clip(-5, 5), rtol=1e-3, atol=1e-4)
    lidar = seen["lidar"].numpy()
    np.testing.assert_allclose(scaled["lidar"], (lidar - lidar.mean()) / lidar.std(), rtol=1e-3, atol=1e-4)
    assert scaled["boxes_mask"] is seen["boxes_mask"]


def test_each_team_may_have_networks_of_its_own() -> None:
    policy = make_policy(Spaces(), EntitiesConfig(**SMALL, separate=True))
    assert isinstance(policy, TeamPolicies)
    assert list(policy.members) == ["hiders", "seekers"]


@pytest.mark.parametrize("counts", [{"boxes": 0}, {"ramps": 0, "food": 2}, {"hiders": 1, "seekers": 2}])
def test_games_of_any_kind_are_played(counts: dict[str, int]) -> None:
    check_policy(make_policy(Spaces(**counts), EntitiesConfig(**SMALL)))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match="4 heads cannot share out an embedding of 6 units"):
        make_policy(Spaces(), EntitiesConfig(embedding=6))
    with pytest.raises(UserError, match="kernel of 4 rays has no middle"):
        make_policy(Spaces(), EntitiesConfig(kernel=4))
    other = Spaces()
    other.single_observation_space = gymnasium.spaces.Dict(position=spaces.Box(-1, 1, (3, 2)))
    with pytest.raises(UserError, match="it needs self, lidar, as hide_seek/game has them"):
        make_policy(other, EntitiesConfig())


def saved(path: Path, policy: torch.nn.Module) -> Path:
    torch.save({"state_dict": {f"model.{name}": value for name, value in policy.state_dict().items()}}, path)
    return path


def new(seed: int, counts: dict[str, int], **parameters: Any) -> Any:
    torch.manual_seed(seed)
    return make_policy(Spaces(**counts), EntitiesConfig(**SMALL | parameters))


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("renew", [("hidden",), ("heads",), ("hidden", "heads")])
def test_fine_tuning_starts_from_all_but_what_is_renewed(
    tmp_path: Path, normalize: bool, renew: tuple[str, ...]
) -> None:
    old = new(0, {}, normalize=normalize)
    if normalize:
        old.normalizer.update({key: x[None] for key, x in observations(50).items()})
    path = saved(tmp_path / "old.ckpt", old)
    before = old.state_dict()
    after = new(1, {"boxes": 5}, normalize=normalize, weights=path, renew=renew).state_dict()
    assert before.keys() == after.keys()
    differ = {name for name in before if not torch.equal(before[name], after[name])}
    parts = {"hidden": ".layers.0.weight", "heads": "head.linear.weight"}
    assert all(any(parts[what] in name for name in differ) for what in renew)
    allowed = {"hidden": (".layers.",), "heads": ("head.",)}
    assert all(any(part in name for what in renew for part in allowed[what]) for name in differ), differ


def test_fine_tuning_takes_what_is_known_of_each_kind(tmp_path: Path) -> None:
    """From a world with agents, boxes and ramps to one of an agent and boxes alone, and back."""
    alone = {"hiders": 1, "seekers": 0, "ramps": 0}
    many, few = new(0, {}), new(1, alone)
    tuned = new(2, alone, weights=saved(tmp_path / "many.ckpt", many), renew=("heads",))
    seen = observations(7)
    nothing = {
        key: torch.zeros_like(x) if key.partition("_")[0] in ("agents", "ramps") else x
        for key, x in seen.items()
    }
    for trunk in ("actor", "critic"):  # entities that are not there say nothing
        encoded = (policy.trunks[trunk].encoder(nothing) for policy in (tuned, many))
        torch.testing.assert_close(*encoded, rtol=1e-5, atol=1e-6)
    whole = new(2, alone, weights=tmp_path / "many.ckpt").state_dict()  # nothing anew
    assert all(
        torch.equal(x, whole[name])
        for name, x in many.state_dict().items()
        if "encoder" not in name and "normalizer" not in name
    )
    with pytest.raises(UserError, match="knows nothing of agents, ramps"):
        new(3, {}, weights=saved(tmp_path / "few.ckpt", few))
    back = new(3, {}, weights=tmp_path / "few.ckpt", renew=("heads",))
    fresh = new(3, {})
    rows, old, first = (
        policy.trunks["actor"].encoder.main.weight.split(SMALL["embedding"]) for policy in (back, few, fresh)
    )
    assert all(map(torch.equal, rows, [old[0], first[1], old[1], first[3]]))  # itself, agents, boxes, ramps


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"units": 5}, r"memory.*\(16, 8\) in the checkpoint, \(20, 8\)"),
        ({"separate": True}, "separate: true"),
    ],
)
def test_weights_that_cannot_be_tuned_are_named(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    path = saved(tmp_path / "old.ckpt", new(0, {}))
    with pytest.raises(UserError, match=said):
        new(0, {}, weights=path, renew=("hidden",), **given)
    with pytest.raises(ValueError, match="without weights"):
        EntitiesConfig(renew=("heads",))


def test_an_exported_policy_answers_as_it_does_itself(tmp_path: Path) -> None:
    policy = make_policy(Spaces(), EntitiesConfig(**SMALL))
    assert isinstance(policy, ActorCritic)
    for parameter in policy.parameters():
        parameter.data.normal_()
    write(serve(policy), tmp_path / "policy.pt2")
    exported = torch.export.load(tmp_path / "policy.pt2").module()
    seen = observations(5)
    named = {"self_" if key == "self" else key: value for key, value in seen.items()}
    state = policy.initial_state(5)
    named["hidden_state"] = state["actor"]
    for _ in range(2):
        sequence = {key: value.unsqueeze(0) for key, value in seen.items()}
        distribution, _, state = policy(sequence, state)
        answer = exported(**named)
        expected = distribution.mode()[0]
        assert torch.equal(answer["action"], expected)
        torch.testing.assert_close(answer["hidden_state"], state["actor"])
        named["hidden_state"] = answer["hidden_state"]
    assert len(expected.unique()) > 1
