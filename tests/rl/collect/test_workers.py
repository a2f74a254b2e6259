"""Workers collect what as many collectors here would, whoever dies meanwhile."""

from __future__ import annotations

import logging
import threading
from dataclasses import fields
from functools import partial

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.collect.config import CollectorsConfig
from framework.rl.collect.local import EpisodeCollector
from framework.rl.collect.remote import Workers
from framework.rl.collect.rollout import RolloutCollector
from framework.rl.off_policy.config import ActorQConfig
from framework.rl.off_policy.explorer import EpisodeExplorer
from framework.rl.off_policy.model import ActorQ
from framework.rl.policy import actor_critic
from framework.rl.targets import frozen_copy
from framework.testing import check_algorithm
from framework.testing.equality import assert_same
from framework.testing.point_goal import PointGoal
from tests.rl.worlds import Counting, Failing, Mortal

PENDULUM = {"use": "gymnasium/make", "id": "Pendulum-v1", "num_envs": 2, "max_episode_steps": 15}
TWO = {"use": "processes", "workers": 2}


def policy_for(environment):
    torch.manual_seed(0)
    spaces = environment.single_observation_space, environment.single_action_space
    return frozen_copy(actor_critic(*spaces, hidden=(4,), memory="gru", units=3))


def make_workers(environment, use="processes", workers=2):
    make = partial(RolloutCollector, sequence_length=5)
    config = CollectorsConfig(use=use, workers=workers)
    return Workers(config, environment, policy_for(environment), make, RolloutCollector.join, seed=3)


def vary(policy, number):
    """Other weights, the same for whoever asks."""
    torch.manual_seed(number)
    for value in policy.parameters():
        value.copy_(torch.randn(value.shape))
    return policy


def chunks_here(count, chunks=3, steps=10):
    """What collectors of this process hand out, and how many episodes end in each chunk."""
    seeds = np.random.SeedSequence(3).generate_state(count).tolist()
    policies = [policy_for(Counting()) for _ in seeds]
    each = [
        RolloutCollector(Counting(), policy, seed, sequence_length=5)
        for policy, seed in zip(policies, seeds, strict=True)
    ]
    found = []
    for number in range(chunks):
        for policy in policies:
            vary(policy, number)
        found.append([collector.chunk(steps) for collector in each])
    return found


def assert_like(chunk, separate):
    """A chunk is what the separate ones are, side by side."""
    batch, finished = chunk
    for field in fields(batch):
        if field.name in ("final_observation", "state_in"):
            continue
        each = [getattr(one, field.name) for one, _ in separate]
        if each[0] is not None:
            held = getattr(batch, field.name)
            parts = [part if isinstance(part, dict) else {"": part} for part in (held, *each)]
            for key in parts[0]:
                assert torch.equal(parts[0][key], torch.cat([part[key] for part in parts[1:]], 1)), field.name
    after = [one.next_observation() for one, _ in separate]
    for key, value in batch.next_observation().items():
        assert torch.equal(value, torch.cat([part[key] for part in after], 1))
    assert torch.equal(batch.state_in["actor"], torch.cat([one.state_in["actor"] for one, _ in separate], 1))
    assert finished == [episode for _, each in separate for episode in each]


def collect(workers, chunks=3, steps=10):
    found = []
    for number in range(chunks):
        workers.broadcast(vary(workers.policy, number))
        found.append(workers.chunk(steps))
    return found


def test_their_chunks_are_those_of_as_many_collectors_here():
    workers = make_workers(Counting())
    for chunk, separate in zip(collect(workers), chunks_here(2), strict=True):
        assert_like(chunk, separate)
    workers.close()


def test_going_on_from_a_saved_state():
    workers = make_workers(Counting())
    first = collect(workers, 2)
    state = workers.state_dict()
    workers.close()
    again = make_workers(Counting())
    again.load_state_dict(state)
    again.broadcast(vary(again.policy, 2))
    third = again.chunk(10)
    assert first
    assert_like(third, chunks_here(2)[2])
    again.close()
    with pytest.raises(UserError, match=r"2 workers and cannot go on with 3\n  give .*workers: 2"):
        make_workers(Counting(), workers=3).load_state_dict(state)


def test_a_chunk_that_dies_with_its_worker_is_collected_again(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("framework"), "propagate", True)
    file = tmp_path / "deadly"
    file.touch()
    workers = make_workers(Mortal(file))
    for chunk, separate in zip(collect(workers), chunks_here(2), strict=True):
        assert_like(chunk, separate)
    assert not file.exists()
    assert workers.replaced == 1 == workers.state_dict()["replaced"]
    assert "died (killed by SIGKILL); another one collects its chunk again" in caplog.text
    workers._handles[1].process.kill()  # between two chunks
    workers._handles[1].process.join()
    workers.broadcast(vary(workers.policy, 3))
    assert_like(workers.chunk(10), chunks_here(2, 4)[3])
    assert workers.replaced == 2
    workers.close()


def test_workers_that_keep_dying_end_the_training(tmp_path):
    (tmp_path / "deadly").touch()
    workers = make_workers(Mortal(tmp_path / "deadly", again=True), workers=1)
    with pytest.raises(UserError, match="3 workers died over the same chunk, the last one by: killed by SIG"):
        workers.chunk(10)
    workers.close()


def test_what_goes_wrong_there_is_told_here():
    workers = make_workers(Failing(), workers=1)
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*ZeroDivisionError: no step is possible"):
        workers.chunk(10)
    workers.close()
    environment = Counting()
    environment.lock = threading.Lock()
    with pytest.raises(UserError, match=r"Counting cannot be sent to workers: .*pickle"):
        make_workers(environment).chunk(10)
    with pytest.raises(UserError, match="nobody can look on"):
        make_workers(Counting()).watcher = object()


def test_whole_episodes_with_exploration():
    environment = PointGoal(3, horizon=(3, 4, 7))
    torch.manual_seed(0)
    model = frozen_copy(ActorQ(environment, ActorQConfig(hidden=(4,))))
    make = partial(EpisodeExplorer.of_worker, random_action=0.3, noise=0.1, steps=9)
    workers = Workers(CollectorsConfig(**TWO), environment, model, make, EpisodeExplorer.join, seed=5)
    workers.broadcast(model)
    seeds = np.random.SeedSequence(5).generate_state(2).tolist()
    here = [make(PointGoal(3, horizon=(3, 4, 7)), model, seed) for seed in seeds]
    assert isinstance(here[0].collector, EpisodeCollector)
    for at_random in (True, False):
        found = workers.chunk(at_random)
        expected = [episode for each in here for episode in each.chunk(at_random)]
        assert len(found) > 5
        for one, other in zip(found, expected, strict=True):
            assert_same(vars(one), vars(other))
    workers.close()


@pytest.mark.parametrize(
    ("algorithm", "model"),
    [
        ({"use": "rl/ppo", "steps": 10, "epochs": 1, "normalize_rewards": True}, {"use": "rl/actor_critic"}),
        (
            {
                "use": "rl/sac",
                "steps_per_cycle": 10,
                "updates_per_cycle": 2,
                "batch_size": 8,
                "capacity": 200,
                "random_steps": 60,
                "overlap": True,
            },
            {"use": "rl/actor_q", "hidden": [8], "normalize": True},
        ),
    ],
)
def test_a_resumed_training_equals_an_uninterrupted_one(algorithm, model):
    section = {**algorithm, "budget": {"env_steps": 1000}, "collectors": TWO}
    check_algorithm(section, environment=PENDULUM, model=model)


@pytest.mark.slow
def test_on_ray(tmp_path, caplog, monkeypatch):
    ray = pytest.importorskip("ray")
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    monkeypatch.setattr(logging.getLogger("framework"), "propagate", True)
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    other = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        file = tmp_path / "deadly"
        file.touch()
        workers = make_workers(Mortal(file), use="ray")
        for chunk, separate in zip(collect(workers), chunks_here(2), strict=True):
            assert_like(chunk, separate)
        assert workers.replaced == 1
        # A whole node goes, and another one comes.
        cluster.add_node(num_cpus=1)
        cluster.remove_node(other, allow_graceful=False)
        workers.broadcast(vary(workers.policy, 3))
        assert_like(workers.chunk(10), chunks_here(2, 4)[3])
        assert workers.replaced == 2
        workers.close()
    finally:
        ray.shutdown()
        cluster.shutdown()
