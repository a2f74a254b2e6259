"""The algorithm: play one episode in every copy, then follow the gradient of its return."""

from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from framework.contracts import Progress, Served
from framework_cartpole.config import ReinforceConfig


class Reinforce(pl.LightningModule):
    """REINFORCE (Williams 1992, section 4), the batch's mean return as its baseline."""

    def __init__(self, environment, model, config: ReinforceConfig) -> None:
        super().__init__()
        self.environment = environment
        self.model = model
        self.config = config
        self.episodes = 0
        self.generator = torch.Generator().manual_seed(config.seed)
        self.environment.reset(seed=config.seed)

    def train_dataloader(self) -> DataLoader:
        # The data is played, not loaded: this only counts the updates.
        return DataLoader(range(self.config.updates), batch_size=None)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.model.parameters(), lr=self.config.lr)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        log_probs, rewards, alive = self.play_episodes()
        returns = torch.zeros_like(rewards)
        following = torch.zeros(rewards.shape[1])
        for t in reversed(range(len(rewards))):
            following = rewards[t] + self.config.discount * following
            returns[t] = following
        advantage = (returns - returns[alive].mean()) / (returns[alive].std() + 1e-8)
        loss = -(log_probs * advantage)[alive].mean()
        self.episodes += rewards.shape[1]
        self.log("train/loss", loss)
        self.log("train/return", rewards.sum(dim=0).mean(), prog_bar=True)
        return loss

    def play_episodes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Play one episode in every copy.

        Returns:
            Log-probabilities of the actions, rewards, and whether the episode was still
            going on, each `(steps, num_envs)`.
        """
        observation, _ = self.environment.reset()
        going = torch.ones(self.environment.num_envs, dtype=torch.bool)
        log_probs, rewards, alive = [], [], []
        while going.any():
            log_prob = self.model(torch.as_tensor(observation)).log_softmax(dim=-1)
            action = torch.multinomial(log_prob.detach().exp(), 1, generator=self.generator)
            observation, reward, terminated, truncated, _ = self.environment.step(action[:, 0].numpy())
            log_probs.append(log_prob.gather(1, action)[:, 0])
            rewards.append(torch.as_tensor(reward) * going)
            alive.append(going)
            going = going & ~torch.as_tensor(terminated | truncated)
        return torch.stack(log_probs), torch.stack(rewards), torch.stack(alive)

    def progress(self) -> Progress:
        total = self.config.updates * self.environment.num_envs
        return Progress(self.episodes, total, "episodes")

    def served(self) -> Served:
        example = self.environment.single_observation_space.sample()
        return Served(self.model, torch.as_tensor(example).expand(2, -1).numpy())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["reinforce"] = {
            "episodes": self.episodes,
            "generator": self.generator.get_state(),
            "environment": self.environment.get_state(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        state = checkpoint["reinforce"]
        self.episodes = state["episodes"]
        self.generator.set_state(state["generator"])
        self.environment.set_state(state["environment"])
