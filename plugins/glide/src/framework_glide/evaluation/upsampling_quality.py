"""An upsampler against interpolation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from torch.nn import functional as F

from framework.errors import UserError
from framework.report import Report, Table
from framework_glide.evaluation.bench import bench
from framework_glide.evaluation.config import UpsamplingQualityConfig
from framework_glide.evaluation.figures import comparison
from framework_glide.evaluation.psnr import mean_psnr
from framework_glide.evaluation.quality import Ruler
from framework_glide.evaluation.sample_store import Pictures
from framework_glide.training.batch import to_images, to_tensor

Filter: TypeAlias = Literal["area", "bilinear", "bicubic"]

#: Interpolations it is compared with; enlarging by area repeats pixels.
FILTERS: tuple[Filter, ...] = ("bilinear", "bicubic", "area")


class UpsamplingQuality:
    """Enlarges real pictures that were made small, and compares with the originals.

    PSNR to the original, Fréchet distance to real pictures, and the accuracy of attributes.

    Args:
        config: the parameters.

    Attributes:
        folder: where pictures are kept; None for nowhere.
    """

    def __init__(self, config: UpsamplingQualityConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        desk = bench(self.config, self.folder, algorithm, environment)
        low_size, size = desk.model.images.low_size, desk.model.size
        real = desk.rows.pictures
        if low_size is None:
            raise UserError(
                "glide/upsampling_quality needs a model that enlarges pictures, such as glide/upsampler"
            )
        if real.shape[1] != size:
            raise UserError(
                f"glide/upsampling_quality: the model makes pictures of {size} px, the environment's have "
                f"{real.shape[1]}\n  set the environment's size to {size}"
            )
        low = resized(real, low_size, "area")
        made = {"upsampler": desk.sample(self.config.sampling, low_res=low)}
        made |= {filter_: resized(low, size, filter_) for filter_ in FILTERS}
        ruler, report, rows = Ruler(desk), Report(), []
        for name, pictures in made.items():
            quality = ruler.of(pictures)
            values = {"psnr": mean_psnr(pictures, real), **quality.values}
            report.metrics |= {f"{key}/{name}": value for key, value in values.items()}
            rows.append([name, values["psnr"], *quality.row(ruler.measures)])
        report.metrics["psnr_gain"] = report.metrics["psnr/upsampler"] - report.metrics["psnr/bilinear"]
        if "frechet/bilinear" in report.metrics:
            bilinear = max(report.metrics["frechet/bilinear"], 1e-12)
            report.metrics["frechet_ratio"] = report.metrics["frechet/upsampler"] / bilinear
        columns = ["pictures", "PSNR, dB", *ruler.measures.values()]
        caption = f"{low_size} to {size} px. Gain and ratio are to bilinear interpolation."
        report.tables["upsampling"] = Table(columns, rows, caption)
        shown = {f"{low_size} px": low, "bilinear": made["bilinear"], "upsampler": made["upsampler"]}
        shown["real"] = real
        count = self.config.examples
        report.figures["pictures"] = comparison(
            {name: pictures[:count] for name, pictures in shown.items()}, desk.rows.captions[:count]
        )
        return report


def resized(pictures: Pictures, size: int, filter_: Filter) -> Pictures:
    """Pictures `(n, h, w, 3)` as `(n, size, size, 3)`."""
    smooth = None if filter_ == "area" else False
    parts = [
        to_images(F.interpolate(to_tensor(part), (size, size), mode=filter_, align_corners=smooth))
        for part in np.array_split(pictures, max(1, len(pictures) // 256))
    ]
    return np.concatenate(parts)
