"""Report: what an Evaluator returns, and how it is kept and shown."""

from __future__ import annotations

import html
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framework import page
from framework.errors import UserError
from framework.plain import finite_or_text, format_cell
from framework.runs.names import Names, file_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class Table:
    """A table of results.

    Attributes:
        columns: headings.
        rows: one sequence per row, as long as `columns`; numbers, strings or None.
        caption: one line.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"row {row!r} has {len(row)} cells for {len(self.columns)} columns")

    def to_text(self) -> str:
        """The table in aligned plain text."""
        cells = [[str(c) for c in self.columns], *[[format_cell(c) for c in row] for row in self.rows]]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        return "\n".join([*([self.caption] if self.caption else []), *lines])

    def to_markdown(self) -> str:
        """The table as GitHub and MLflow show it."""
        head = [self.columns, ["---"] + ["---:"] * (len(self.columns) - 1)]
        lines = [f"| {' | '.join(map(_markdown_cell, row))} |" for row in [*head, *self.rows]]
        return "\n".join([*([html.escape(self.caption), ""] if self.caption else []), *lines])


@dataclass
class Video:
    """Frames to be kept as mp4.

    Attributes:
        frames: `(time, height, width, 3)` uint8 RGB.
        fps: frames per second.
    """

    frames: np.ndarray
    fps: float = 25.0


@dataclass
class Report:
    """Metrics, tables, figures, images and videos of one evaluation.

    Attributes:
        metrics: numbers, finite or not, by name; logged to MLflow and kept in `report.json`.
        tables: by title.
        figures: matplotlib figures, by title.
        images: `(height, width, 3)` uint8 RGB or `(height, width)` grey, by title.
        videos: by title.
        notes: paragraphs of plain text.
        files: to be kept beside the page, by name; characters that addresses cannot hold become _.
        title: heading of the page.
        folder: where it was saved last.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    images: dict[str, np.ndarray] = field(default_factory=dict)
    videos: dict[str, Video] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    title: str = ""
    folder: Path | None = field(default=None, init=False, compare=False)

    def name_after(self, judgement: str, subject: str) -> None:
        """Put what was judged into the titles of page and figures that have none: "FetchPush: success rate".

        Args:
            judgement: such as "success rate".
            subject: such as "FetchPush", or "".
        """
        above = f"{subject}: " if subject else ""
        self.title = self.title or above + judgement
        for title, figure in self.figures.items():
            if not figure.get_suptitle():
                figure.suptitle(above + title)

    def to_dict(self) -> dict[str, Any]:
        """All as JSON can hold it: NaN and infinity as strings, pictures, videos and files by their names."""
        return {
            "title": self.title,
            "metrics": {name: finite_or_text(value) for name, value in self.metrics.items()},
            "tables": {
                title: {
                    "caption": table.caption,
                    "columns": list(table.columns),
                    "rows": [[finite_or_text(cell) for cell in row] for row in table.rows],
                }
                for title, table in self.tables.items()
            },
            "notes": list(self.notes),
            **self._names(),
        }

    def save(self, folder: Path, title: str = "Report") -> list[Path]:
        """Write `report.json`, `index.html`, and every figure, image and video.

        Args:
            folder: made if it is not there; files of the same names are replaced.
            title: heading of the page, if the report has none.

        Returns:
            The files written.
        """
        self.check()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        kept = self.to_dict()
        written = []
        for name, figure in self.figures.items():
            written.append(folder / kept["figures"][name])
            written[-1].write_bytes(page.png(figure))
        for name, image in self.images.items():
            written.append(folder / kept["images"][name])
            written[-1].write_bytes(image_png(image))
        for name, video in self.videos.items():
            written.append(folder / kept["videos"][name])
            write_video(written[-1], video)
        for name, source in self.files.items():
            written.append(Path(shutil.copyfile(source, folder / kept["files"][name])))
        written += [folder / "report.json", folder / "index.html"]
        written[-2].write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        written[-1].write_text(page.document(self.title or title, page.report(folder)), encoding="utf-8")
        return written

    def check(self) -> None:
        """Check that every metric is a number.

        Raises:
            UserError: one is not.
        """
        for name, value in self.metrics.items():
            try:
                float(value)
            except (TypeError, ValueError):
                raise UserError(f"a report's metric {name!r} is {value!r}, not a number") from None

    def to_text(self) -> str:
        """Metrics and tables in plain text, for the terminal."""
        parts = []
        if self.metrics:
            parts.append(Table(["metric", "value"], list(self.metrics.items())).to_text())
        parts += [table.to_text() for table in self.tables.values()]
        return "\n\n".join(parts)

    def _names(self) -> dict[str, dict[str, str]]:
        """The file of every picture, video and other file, by its title."""
        names = Names(file_name)
        for reserved in ("report.json", "index.html"):
            names(reserved)
        pictures = {name: f"{names(name, 'figure')}.png" for name in self.figures}
        images = {name: f"{names(name, 'image')}.png" for name in self.images}
        videos = {name: f"{names(name, 'video')}.mp4" for name in self.videos}
        files = {name: names(name, "file") for name in self.files}
        return {"figures": pictures, "images": images, "videos": videos, "files": files}


def write_video(path: Path, video: Video) -> None:
    """Write an mp4 that browsers play (H.264, yuv420p).

    Raises:
        UserError: imageio and its ffmpeg are not installed.
    """
    try:
        import imageio.v3 as iio
        import imageio_ffmpeg  # noqa: F401  (its absence shows only inside imageio otherwise)
    except ImportError:
        raise UserError("writing a video needs: pip install imageio imageio-ffmpeg") from None
    frames = np.asarray(video.frames, dtype=np.uint8)
    even = frames[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2]
    iio.imwrite(path, even, fps=video.fps, codec="libx264", macro_block_size=1)


def image_png(image: np.ndarray) -> bytes:
    """Encode `(h, w, 3)` or `(h, w)` uint8 as PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.asarray(image, dtype=np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def _markdown_cell(cell: Any) -> str:
    text = html.escape(format_cell(cell), quote=False)
    for char in "|*`":
        text = text.replace(char, f"&#{ord(char)};")
    return " ".join(text.split())
