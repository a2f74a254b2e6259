"""Operations that are written out for speed, against the plain ones."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from framework_glide.unet.blocks import upsampled
from framework_glide.unet.norm import normalize
from framework_glide.unet.products import attend, linear


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, dtype=dtype, requires_grad=True)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("rows", [3, 1])
@pytest.mark.parametrize("silu", [True, False])
def test_normalize(rows: int, silu: bool) -> None:
    norm = nn.GroupNorm(4, 8).double()
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    inputs = draw(3, 8, 3, 2), draw(rows, 8), draw(rows, 8)

    def plain(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        h = norm(x) * (1 + scale[:, :, None, None]) + shift[:, :, None, None]
        return F.silu(h) if silu else h

    def written(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return normalize(x, norm, scale, shift, silu)

    torch.testing.assert_close(written(*inputs), plain(*inputs))
    assert torch.autograd.gradcheck(written, inputs)
    found = torch.autograd.grad(written(*inputs).sin().sum(), [norm.weight, norm.bias])
    expected = torch.autograd.grad(plain(*inputs).sin().sum(), [norm.weight, norm.bias])
    torch.testing.assert_close(found, expected)


def test_normalize_keeps_its_precision_far_from_zero() -> None:
    x = 1000 + torch.randn(2, 8, 4, 4)
    expected = F.group_norm(x.double(), 4).float()
    torch.testing.assert_close(normalize(x, nn.GroupNorm(4, 8), silu=False), expected, rtol=0, atol=1e-3)


def test_normalize_in_bfloat16_sums_in_float32() -> None:
    x = (3 + torch.randn(2, 8, 32, 32)).bfloat16()
    expected = F.group_norm(x.float(), 4).bfloat16()
    found = normalize(x, nn.GroupNorm(4, 8), silu=False)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("shape", [(2, 8, 6, 10), (1, 8, 1, 1)])
def test_upsampled(shape: tuple[int, ...]) -> None:
    conv, x = nn.Conv2d(8, 4, 3, padding=1).double(), draw(*shape)
    expected = conv(F.interpolate(x, scale_factor=2.0))
    torch.testing.assert_close(upsampled(x, conv), expected)
    inputs = [x, conv.weight, conv.bias]
    torch.testing.assert_close(
        torch.autograd.grad(upsampled(x, conv).sin().sum(), inputs),  # type: ignore[arg-type]
        torch.autograd.grad(expected.sin().sum(), inputs),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("rows", [(64,), (4, 24), (2, 3, 30), (1,), (0,), (7, 11)])
def test_linear(rows: tuple[int, ...]) -> None:
    x, weight, bias = draw(*rows, 5, dtype=torch.float32), draw(6, 5, dtype=torch.float32), torch.randn(6)
    expected = F.linear(x, weight, bias)
    torch.testing.assert_close(linear(x, weight, bias), expected)
    found = torch.autograd.grad(linear(x, weight, bias).sin().sum(), [x, weight])
    torch.testing.assert_close(found, torch.autograd.grad(expected.sin().sum(), [x, weight]))


def test_attend_in_bfloat16() -> None:
    q, k, v = (torch.randn(2, 3, n, 16) for n in (5, 9, 9))
    expected = F.scaled_dot_product_attention(q, k, v)
    found = attend(q.bfloat16(), k.bfloat16(), v.bfloat16())
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=3e-2)
