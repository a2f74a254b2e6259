"""Training on two processes: one set of networks, an environment and a buffer for each."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

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

torch.set_num_threads(1)
folder, resume = sys.argv[1], sys.argv[2] == "resume"

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
    accelerator="cpu", devices=2, strategy="ddp", max_epochs=1, logger=False, callbacks=[Save()],
    enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    default_root_dir=folder,
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


@pytest.mark.slow
def test_processes_agree_on_networks_and_a_resumed_training_goes_on_the_same(tmp_path):
    for what in ("whole", "resume"):
        environment = {key: value for key, value in os.environ.items() if "RANK" not in key}
        (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
        command = [sys.executable, str(tmp_path / "train.py"), str(tmp_path), what]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
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
