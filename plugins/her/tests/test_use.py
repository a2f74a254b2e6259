"""What was trained is used: loaded, exported without the framework, served."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import framework
from framework.errors import UserError
from framework.experiment import checkpoint_of
from framework.rl.buffers.episodes import EpisodeReplay
from framework.runs import Run
from framework.runs.checkpoints import training_file
from framework.testing.fixtures import RunCommand

RECIPE: dict[str, Any] = {
    "environment": {"use": "her/fetch_reach", "num_envs": 4, "threads": 1},
    "model": {"use": "her/actor_critic", "hidden": [16, 16]},
    "algorithm": {"use": "her/hindsight", "budget": {"env_steps": 200}, "batch_size": 32},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tracking_template: Path) -> Run:
    folder = tmp_path_factory.mktemp("trained")
    database = folder / "mlflow.db"
    database.write_bytes(tracking_template.read_bytes())
    tracking = {"system_metrics": False, "uri": f"sqlite:///{database}"}
    recipe = folder / "reach.yaml"
    recipe.write_text(json.dumps({**RECIPE, "tracking": tracking}), encoding="utf-8")
    return framework.run(recipe, root=folder, quiet=True).run


@pytest.fixture
def observation() -> dict[str, Any]:
    random = np.random.default_rng(0)
    return {"observation": random.normal(size=10), "desired_goal": random.normal(size=3)}


def test_a_run_is_loaded_by_whatever_names_it(trained: Run, observation: dict[str, Any]) -> None:
    root = trained.folder.parent
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    names = ["last", trained.state.run_id, trained.state.name, trained.folder, checkpoint_of(trained, "")]
    policies = [framework.load(name, ["environment.num_envs=1"], root=root) for name in names]
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == threads
    assert not policies[0].training
    actions = [policy.act(observation) for policy in policies]
    assert actions[0].shape == (4,)
    for action in actions:
        np.testing.assert_array_equal(action, actions[0])


def test_one_observation_or_many_of_any_numbers(trained: Run, observation: dict[str, Any]) -> None:
    policy = framework.load(trained.folder)
    action = policy.act(observation)
    listed = {key: value.tolist() for key, value in observation.items()}
    np.testing.assert_array_equal(policy.act(listed), action)
    narrow = {key: value.astype(np.float32) for key, value in observation.items()}
    np.testing.assert_allclose(policy.act(narrow), action, atol=1e-6)
    batch = {key: np.stack([value, -value]) for key, value in observation.items()}
    np.testing.assert_allclose(policy.act({**batch, "achieved_goal": 0})[0], action, atol=1e-6)
    for wrong, message in (
        ({"observation": observation["observation"]}, "observation lacks desired_goal; it has observation"),
        (
            {**observation, "desired_goal": [0.0, 1.0]},
            r"goal'\] has shape \(2,\); expected .*\(3,\)",
        ),
        ({**observation, "desired_goal": ["a", "b", "c"]}, "is of <U1; expected numbers"),
        ({**observation, "desired_goal": [0.0, np.nan, 0.0]}, "is not finite"),
        ({**batch, "desired_goal": np.zeros((3, 3))}, "are of different batches"),
    ):
        with pytest.raises(UserError, match=message):
            policy.act(wrong)


def test_no_replay_buffer_is_read(trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EpisodeReplay, "load_state_dict", lambda *_: pytest.fail("the buffer is read"))
    aside = training_file(checkpoint_of(trained, ""))
    hidden = aside.rename(aside.with_suffix(".hidden"))
    try:
        assert framework.load(trained.folder).counters.env_steps == 200
        assert framework.evaluate(str(trained.folder), root=trained.folder.parent) == {}
    finally:
        hidden.rename(aside)


@contextlib.contextmanager
def without_framework() -> Iterator[None]:
    """Nothing of ours can be imported, as in a program that does not have it."""

    class Missing:
        def find_spec(self, name: str, *_: Any) -> None:
            if name.split(".")[0] in ours:
                raise ModuleNotFoundError(name)

    ours = ("framework", "framework_her")
    hidden = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ours}
    for name in hidden:
        del sys.modules[name]
    missing: Any = Missing()
    sys.meta_path.insert(0, missing)
    try:
        yield
    finally:
        sys.meta_path.remove(missing)
        sys.modules.update(hidden)


def test_an_exported_policy_needs_no_framework(
    trained: Run, observation: dict[str, Any], tmp_path: Path, framework_command: RunCommand
) -> None:
    file = tmp_path / "policy.pt2"
    done = framework_command("export", str(trained.folder), str(file))
    assert (done.exit_code, done.stdout) == (0, f"{file}\n"), done.stderr
    expected = framework.load(trained.folder).act({k: np.stack([v] * 3) for k, v in observation.items()})
    with without_framework():
        policy = torch.export.load(file).module()
        inputs = {
            name: torch.tensor(np.stack([value] * 3), dtype=torch.float32)
            for name, value in observation.items()
        }
        answer = policy(**inputs).detach().numpy()
    np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_a_served_model_names_its_inputs(trained: Run, observation: dict[str, Any]) -> None:
    import mlflow.pyfunc
    from mlflow import MlflowClient

    client = MlflowClient(trained.state.tracking_uri)
    (logged,) = client.search_logged_models([client.get_run(trained.state.run_id).info.experiment_id])
    expected = framework.load(trained.folder).act(observation)
    with without_framework():
        model = mlflow.pyfunc.load_model(logged.artifact_location)
        assert set(model.metadata.signature.inputs.input_names()) == {"observation", "desired_goal"}
        given = {name: value[None].astype(np.float32) for name, value in observation.items()}
        np.testing.assert_allclose(model.predict(given)[0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("file", "message"),
    [("policy.txt", "give a file that ends in .pt2"), ("policy.onnx", "pip install onnx onnxscript")],
)
def test_what_cannot_be_exported_is_said(trained: Run, tmp_path: Path, file: str, message: str) -> None:
    if file.endswith("onnx"):
        with contextlib.suppress(ImportError):
            import onnxscript  # noqa: F401

            pytest.skip("ONNX is there")
    with pytest.raises(UserError, match=message):
        framework.export(trained.folder, tmp_path / file)


def test_a_checkpoint_without_its_run_is_refused(trained: Run, tmp_path: Path) -> None:
    stray = tmp_path / "step-1.ckpt"
    stray.write_bytes(checkpoint_of(trained, "").read_bytes())
    with pytest.raises(UserError, match="is in no run's folder"):
        framework.load(stray)
