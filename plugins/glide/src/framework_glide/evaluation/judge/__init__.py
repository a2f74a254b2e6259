"""The judge: a small network, trained apart from the generator, that reads attributes from pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_glide.evaluation.judge.loading import build, load
    from framework_glide.evaluation.judge.model import Judge

__all__ = ["Judge", "build", "load"]

# The parameters are read from a module in here, and they import no torch.
__getattr__ = lazily(__name__, {"Judge": "model", "build": "loading", "load": "loading"})
