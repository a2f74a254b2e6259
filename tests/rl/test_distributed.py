"""Training on two processes: one set of networks, an environment and a buffer for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from framework.runs.checkpoints import load_checkpoint

pytest.importorskip("framework_her")

SCRIPT = """
import sys, warnings
warnings.filterwarnings("ignore")
import lightning.pytorch as pl
import torch
from framework.testing.point_goal import PointGoal
from framework_her.actor_critic import ActorCritic
from framework_her.config import ActorCriticConfig, HindsightConfig
from framework_her.hindsight import Hindsight
from framework.rl.budget import Budget
from framework.runs.checkpoints import CheckedCheckpointIO

torch.set_num_threads(1)
folder, resume, devices = sys.argv[1], sys.argv[2] != "whole", 1 if sys.argv[2] == "alone" else 2

class Save(pl.Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx == 3 and not resume:
            trainer.save_checkpoint(f"{folder}/cut.ckpt")

pl.seed_everything(0, verbose=False)
environment = PointGoal(4, horizon=(3, 7, 9, 30))
config = HindsightConfig(
    budget=Budget(env_steps=960), steps_per_cycle=20, updates_per_cycle=5, batch_size=32
)
algorithm = Hindsight(environment, ActorCritic(environment, ActorCriticConfig(hidden=(16,))), config)
trainer = pl.Trainer(
    accelerator="cpu", devices=devices, strategy="ddp", max_epochs=1, logger=False, callbacks=[Save()],
    plugins=[CheckedCheckpointIO()], enable_checkpointing=False, enable_progress_bar=False,
    enable_model_summary=False, default_root_dir=folder,
)
trainer.fit(algorithm, ckpt_path=f"{folder}/cut.ckpt" if resume else None, weights_only=False)
end = {
    "state": algorithm.state_dict(),
    "cycle": algorithm.cycle_state(),
    "counters": vars(algorithm.counters),
    "global_step": trainer.global_step,
}
torch.save(end, f"{folder}/{sys.argv[2]}-{trainer.global_rank}.pt")
"""


def train(folder: Path, what: str) -> subprocess.CompletedProcess[str]:
    (folder / "train.py").write_text(SCRIPT, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if "RANK" not in key}
    command = [sys.executable, str(folder / "train.py"), str(folder), what]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.slow
def test_processes_agree_on_networks_and_a_resumed_training_goes_on_the_same(tmp_path):
    for what in ("whole", "resume"):
        done = train(tmp_path, what)
        assert done.returncode == 0, done.stderr[-3000:]
    cut = tmp_path / "cut.ckpt"
    names = ["cut.0.training", "cut.1.training", "cut.ckpt", "cut.ckpt.sha256", "cut.training"]
    assert sorted(path.name for path in tmp_path.iterdir() if "cut" in path.name) == names
    assert not list(tmp_path.glob(".process*"))
    for process in (0, 1):
        parts = load_checkpoint(cut, process=process)["apart"]
        assert parts[1 - process] is None and "replay" in parts[process]
    alone = train(tmp_path, "alone")
    assert alone.returncode
    assert "written by 2 processes and cannot go on with 1" in alone.stderr
    ends = {
        (what, rank): torch.load(tmp_path / f"{what}-{rank}.pt", weights_only=False)
        for what in ("whole", "resume")
        for rank in (0, 1)
    }
    one, other = ends["whole", 0], ends["whole", 1]
    assert one["global_step"] == one["counters"]["cycles"] == 6
    assert one["counters"]["env_steps"] == 960
    for name, value in one["state"].items():
        assert torch.equal(value, other["state"][name]), name
    buffers = [each["cycle"]["replay"]["fields"]["observation"] for each in (one, other)]
    assert not torch.equal(*(buffer[:50] for buffer in buffers))
    for rank in (0, 1):
        whole, resumed = ends["whole", rank], ends["resume", rank]
        for name, value in whole["state"].items():
            assert torch.equal(value, resumed["state"][name]), name
        fields = [each["cycle"]["replay"]["fields"] for each in (whole, resumed)]
        assert all(torch.equal(fields[0][name], fields[1][name]) for name in fields[0])
