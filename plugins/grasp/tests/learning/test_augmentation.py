"""Augmented scenes: the hand sees what it saw."""

from __future__ import annotations

import torch

from framework_grasp.learning.augmentation import augment, half_turned
from framework_grasp.learning.examples import Batch
from framework_grasp.planning.buckets import canonical
from framework_grasp.planning.camera import Overhead
from framework_grasp.planning.crop import crops


def drawn(count: int, dimensions: int = 4) -> Batch:
    generator = torch.Generator().manual_seed(0)
    reliefs = torch.zeros(count, 1, 64, 64)
    reliefs[:, :, 16:48, 16:48] = 0.1 * torch.rand((count, 1, 32, 32), generator=generator)
    grasps = 0.1 * torch.rand((count, 3, dimensions), generator=generator) - 0.05
    grasps[..., 3] *= 30
    return Batch(reliefs, grasps, torch.rand((count, 3), generator=generator) < 0.5)


def seen(batch: Batch) -> torch.Tensor:
    n = batch.grasps.shape[1]
    scenes = torch.arange(len(batch)).repeat_interleave(n)
    return crops(
        batch.reliefs[:, 0], Overhead(0.32), batch.grasps.flatten(0, 1), scenes, (24, 24), (0.003, 0.003)
    )


def test_a_hand_sees_the_same_in_an_augmented_scene() -> None:
    batch = drawn(64)
    found = augment(batch, 0.32, 4, torch.Generator().manual_seed(1))
    assert torch.equal(found.success, batch.success)
    assert not torch.equal(found.reliefs, batch.reliefs)
    torch.testing.assert_close(found.grasps, canonical(found.grasps))
    before, after = seen(batch)[:, 0], seen(found)[:, 0]
    # Mirrored scenes are seen mirrored, and fingers may have changed sides.
    kinds = torch.stack([before, before.flip(1), before.flip(2), before.flip(1, 2)])
    off = (kinds - after).abs().mean(dim=(2, 3)).min(dim=0).values
    assert off.max() < 0.02  # half a pixel at the border between two


def test_every_way_to_turn_occurs() -> None:
    batch = drawn(1)
    many = Batch(
        *(part.expand(400, *part.shape[1:]) for part in (batch.reliefs, batch.grasps, batch.success))
    )
    found = augment(many, 0.32, 0, torch.Generator().manual_seed(1))
    assert len(torch.unique(found.reliefs.flatten(1), dim=0)) == 8


def test_swapped_fingers_are_the_same_hand() -> None:
    grasps = drawn(20, 6).grasps.flatten(0, 1)
    found = half_turned(grasps, torch.Generator().manual_seed(0))
    changed = (found != grasps).any(dim=1)
    assert 10 < int(changed.sum()) < 50
    torch.testing.assert_close(canonical(found), canonical(grasps), rtol=1e-4, atol=1e-5)
