"""Crops: a scene turned and moved with the hand looks the same to it."""

from __future__ import annotations

import math

import pytest
import torch

from framework_grasp.planning.camera import Overhead
from framework_grasp.planning.crop import crops, from_hand, middles

CAMERA = Overhead(0.32)


def ridge(yaw: float, size: int = 256) -> torch.Tensor:
    """A box of 2 x 12 cm, 5 cm high, whose short side is along a hand's y at that yaw: `(1, size, size)`."""
    at = (torch.arange(size) + 0.5) / size * 0.32 - 0.16
    y, x = torch.meshgrid(-at, at, indexing="ij")
    along = -math.sin(yaw) * x + math.cos(yaw) * y
    across = math.cos(yaw) * x + math.sin(yaw) * y
    return (0.05 * ((along.abs() < 0.01) & (across.abs() < 0.06)))[None]


def cut(relief: torch.Tensor, grasp: list[float], cell: tuple[float, float] = (0.004, 0.004)) -> torch.Tensor:
    return crops(relief, CAMERA, torch.tensor([grasp]), torch.zeros(1, dtype=torch.long), (25, 33), cell)[0]


def test_a_hand_sees_the_same_however_it_is_turned() -> None:
    straight = cut(ridge(0.0), [0, 0, 0.02, 0.0])
    for yaw in (0.5, -1.2, math.pi / 2):
        turned = cut(ridge(yaw), [0, 0, 0.02, yaw])
        assert (turned - straight).abs().mean() < 0.01
    # Between the fingers, which are left and right: 2 cm of 13.
    assert straight[0, 12, 16].item() == pytest.approx(0.3)
    inside = straight[0, 12] > 0
    assert 4 <= int(inside.sum()) <= 6
    assert straight[0, 12, 0].item() == pytest.approx(-0.2)
    assert (straight[0, :, 16] > 0).all()  # 12 cm of 10


def test_a_crop_is_where_the_grasp_is() -> None:
    relief = torch.zeros(1, 64, 64)
    relief[0, 10, 50] = 0.1  # row 10 from above, column 50
    x, y = ((50 + 0.5) / 64 - 0.5) * 0.32, (0.5 - (10 + 0.5) / 64) * 0.32
    assert cut(relief, [x, y, 0.0, 0.7])[0, 12, 16] == 1
    assert cut(relief, [-x, y, 0.0, 0.7])[0, 12, 16] == 0


def test_what_is_not_measured_is_marked_and_what_is_outside_is_table() -> None:
    relief = torch.full((1, 64, 64), math.nan)
    found = cut(relief, [0, 0, 0.05, 0])
    assert (found[1] == 0).all()
    assert (found[0] == 0).all()
    edge = cut(torch.zeros(1, 64, 64), [0.16, 0, 0.05, math.pi / 2])
    assert (edge[1] == 1).all()
    torch.testing.assert_close(edge[0], torch.full((25, 33), -0.5))


def test_cells_may_be_higher_than_wide() -> None:
    found = cut(ridge(0.4), [0, 0, 0.02, 0.4], (0.008, 0.002))[0] > 0
    assert 9 <= int(found[12].sum()) <= 11  # 2 cm along which the hand closes
    assert 14 <= int(found[:, 16].sum()) <= 16  # 12 cm across


def test_the_middle_of_what_is_seen_from_the_hand() -> None:
    relief = torch.zeros(2, 64, 64)
    relief[0, 10, 50], relief[0, 30, 50] = 0.06, 0.02  # row from above, column
    relief[0, 60, 0] = math.nan
    x, y = ((50 + 0.5) / 64 - 0.5) * 0.32, (0.5 - (15 + 0.5) / 64) * 0.32
    found = middles(relief, CAMERA)
    torch.testing.assert_close(found, torch.tensor([[x, y], [0.0, 0.0]]))
    # The hand's own y is a quarter turn further than its x.
    hand = torch.tensor([[x - 0.03, y + 0.01, 0.05, math.pi / 2]])
    torch.testing.assert_close(from_hand(found[:1], hand), torch.tensor([[-0.01, -0.03]]), atol=1e-6, rtol=0)
