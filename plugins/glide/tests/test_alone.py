"""What only a plugin without the others can break: that it loads, and one short run."""

from __future__ import annotations

from framework.testing import check_plugin
from framework.testing.fixtures import RunRecipe


def test_plugin() -> None:
    check_plugin("glide")


def test_a_short_run(framework_run: RunRecipe) -> None:
    result = framework_run(
        {
            "environment": {
                "use": "glide/captioned_shapes",
                "size": 8,
                "images": 64,
                "validation": 8,
                "held_out": [],
            },
            "model": {
                "use": "glide/unet",
                "channels": 16,
                "multipliers": [1, 1],
                "attention": [4],
                "head_channels": 16,
                "text": {"context": 16, "width": 32, "layers": 1, "heads": 2},
            },
            "algorithm": {"use": "glide/denoising", "images": 64, "batch_size": 8},
            "tracking": {"system_metrics": False},
        }
    )
    assert result.run.state.stages[""].finished
