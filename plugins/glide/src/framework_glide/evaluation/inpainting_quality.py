"""Filling holes: a model fine-tuned for it against replacement by one that was not (section 2.5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from framework.errors import UserError
from framework.report import Report, Table
from framework_glide.evaluation.bench import Bench, bench
from framework_glide.evaluation.boundary import boundary_error
from framework_glide.evaluation.config import InpaintingQualityConfig
from framework_glide.evaluation.figures import comparison
from framework_glide.evaluation.quality import Ruler, accuracy_of
from framework_glide.evaluation.sample_store import Pictures
from framework_glide.generation import Known
from framework_glide.images.masks import random_masks

#: What hides a hole: the grey in the middle of the range.
GREY = 127

NOTE = (
    "Fill accuracy: of the attributes a caption mentions that the judge cannot read while the hole is grey, "
    "the share that is right once it is filled. Boundary error: how far steps of colour across the edge of "
    "the hole are from the real ones, in levels of 255. Replacement: a model without fine-tuning whose known "
    "pixels are put back at every step."
)


class InpaintingQuality:
    """Hides parts of real pictures, has them filled, and looks at what is filled in and at its edge.

    Args:
        config: the parameters.

    Attributes:
        folder: where pictures are kept; None for nowhere.
    """

    def __init__(self, config: InpaintingQualityConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        desk = bench(self.config, self.folder, algorithm, environment)
        real = desk.rows.pictures
        if not desk.model.options.inpaint:
            raise UserError(
                "glide/inpainting_quality needs a model that sees masks, one with `inpaint: true`"
            )
        masks = holes(len(real), real.shape[1], self.config.seed)
        masked = np.where(masks[..., None], real, np.uint8(GREY))
        known = Known(masked, masks)
        made = {"fine-tuned": desk.sample(self.config.sampling, known=known)}
        if self.config.base is not None:
            base = _base(self.config.base).to(desk.model.device)
            made["replacement"] = desk.sample(self.config.sampling, model=base, known=known)
        ruler, report, rows = Ruler(desk), Report(), []
        hidden = _hidden(desk, masked)
        for name, pictures in {**made, "real": real, "grey": masked}.items():
            quality = ruler.of(pictures)
            values = {"boundary_error": _boundary(pictures, real, masks), **quality.values}
            if hidden is not None and quality.accuracy is not None:
                values["fill_accuracy"] = float(quality.accuracy.right[hidden].mean())
            if name in made:
                values["known_exact"] = float(_exact(pictures, real, masks))
                report.metrics |= {f"{key}/{name}": value for key, value in values.items()}
            row = [name, values.get("fill_accuracy"), values["boundary_error"], values.get("known_exact")]
            rows.append([*row, *quality.row(ruler.measures)])
        if "replacement" in made:
            report.metrics |= _differences(report.metrics)
        columns = ["holes", "fill accuracy", "boundary error", "share with known pixels exact"]
        report.tables["inpainting"] = Table([*columns, *ruler.measures.values()], rows)
        report.notes.append(NOTE)
        count = self.config.examples
        report.figures["pictures"] = comparison(
            {name: one[:count] for name, one in {"real": real, "masked": masked, **made}.items()},
            desk.rows.captions[:count],
        )
        return report


def holes(count: int, size: int, seed: int) -> NDArray[np.bool_]:
    """Masks `(n, size, size)`, true where pictures are known, each with some of both."""
    drawn = random_masks(count, size, torch.Generator().manual_seed(seed), everything=0.0)
    return np.asarray(drawn[:, 0].numpy() > 0.5)


def _hidden(desk: Bench, masked: Pictures) -> NDArray[np.bool_] | None:
    """Attributes `(n, attributes)` that are mentioned and cannot be read; None if there are none."""
    if desk.judge is None:
        return None
    unread = accuracy_of(desk.judge, masked, desk.rows)
    hidden = None if unread is None else unread.mentioned & ~unread.right
    return hidden if hidden is not None and hidden.any() else None


def _boundary(pictures: Pictures, real: Pictures, masks: NDArray[np.bool_]) -> float:
    return float(boundary_error(pictures, real, masks).mean())


def _exact(pictures: Pictures, real: Pictures, masks: NDArray[np.bool_]) -> float:
    """Share of pictures whose known pixels are all as they were."""
    same = (pictures == real).all(axis=-1) | ~masks
    return float(same.all(axis=(1, 2)).mean())


def _differences(metrics: dict[str, float]) -> dict[str, float]:
    """Fine-tuned less replacement, where both were measured."""
    keys = [name.partition("/")[0] for name in metrics if name.endswith("/replacement")]
    return {f"{key}_change": metrics[f"{key}/fine-tuned"] - metrics[f"{key}/replacement"] for key in keys}


def _base(path: Path) -> Any:
    from framework_glide.building import load

    model = load(path)
    if model.images.low_size is not None:
        raise UserError(f"base: {path} is an upsampler; give the model that was fine-tuned")
    return model.eval()
