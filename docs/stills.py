"""Draw what the gallery shows of simulated worlds: each as an episode begins, before anything is learned.

python docs/stills.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from framework.testing.sections import build

PICTURES = Path(__file__).parent / "results"
WORLDS: dict[str, dict[str, Any]] = {
    "adr_start": {"use": "adr/puck"},
    "dex_hand_start": {"use": "dex_hand/reorient"},
    "hide_seek_start": {"use": "hide_seek/game"},
}


def draw(section: dict[str, Any], size: int = 480, seed: int = 3) -> Image.Image:
    """The first frame of an episode."""
    environment = build("environment", {**section, "num_envs": 1, "render_size": size}, seed=seed)
    try:
        environment.reset(seed=seed)
        return Image.fromarray(environment.render()[0])
    finally:
        environment.close()


if __name__ == "__main__":
    for name, section in WORLDS.items():
        draw(section).save(PICTURES / f"{name}.png", optimize=True)
