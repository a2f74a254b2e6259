"""When matrix products are made in bfloat16."""

from __future__ import annotations

from functools import cache

import torch

from framework.supervised.config import Precision


@cache
def native_bfloat16(device: str) -> bool:
    """Whether this kind of device multiplies bfloat16 natively; elsewhere it is slower than float32."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def compute_type(precision: Precision, device: torch.device) -> torch.dtype:
    """The type matrix products are made in."""
    if precision == "auto":
        return torch.bfloat16 if native_bfloat16(device.type) else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """Products in the type of `compute_type`, the rest as torch finds right.

    With float32 an autocast that is already on, such as the Trainer's, stays on.
    """
    wanted = compute_type(precision, device) is torch.bfloat16
    enabled = wanted or torch.is_autocast_enabled(device.type)
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)
