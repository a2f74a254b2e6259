from __future__ import annotations

import torch
from torch.nn import functional as F

from framework_codex.gpt.blocks import SHORT, attend, rotate, rotation
from framework_codex.gpt.config import GPTConfig


def test_bfloat16_attention_is_causal_attention() -> None:
    q, k, v = (torch.randn(2, 3, 50, 16) for _ in range(3))
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    rough = attend(q.bfloat16(), k.bfloat16(), v.bfloat16())
    torch.testing.assert_close(rough.float(), expected, atol=0.05, rtol=0.05)
    assert torch.equal(attend(q, k, v), expected)
    assert SHORT >= 256


def test_rotation_depends_on_distance_alone() -> None:
    config = GPTConfig(width=32, heads=2)
    cos, sin = rotation(config, torch.arange(100))
    q, k = torch.randn(16), torch.randn(16)
    near = rotate(q, cos[7], sin[7]) @ rotate(k, cos[3], sin[3])
    far = rotate(q, cos[97], sin[97]) @ rotate(k, cos[93], sin[93])
    torch.testing.assert_close(near, far, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(rotate(q, cos[50], sin[50]).norm(), q.norm())
    assert torch.equal(rotate(q, cos[0], sin[0]), q)
