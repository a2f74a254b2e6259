"""Report: what an Evaluator returns, and how it is kept and shown."""

from __future__ import annotations

import base64
import html
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import UserError
from framework.plain import finite_or_text
from framework.runs.names import Names, file_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# SVG or PNG would both do; PNG shows everywhere, MLflow's artifact viewer included.
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.25em .8em;border-bottom:1px solid #ccc;"
    "text-align:right}td:first-child,th:first-child,pre{text-align:left}img,video{max-width:100%}"
    "p{white-space:pre-wrap}"
)


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
        """Metrics, tables and notes as JSON can hold them (NaN and infinity as strings)."""
        return {
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
        written = [folder / "report.json", folder / "index.html"]
        names = Names(file_name)
        for path in written:
            names(path.name)
        written[0].write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
        pictures = [(name, "figure", _figure_png(figure)) for name, figure in self.figures.items()]
        pictures += [(name, "image", image_png(image)) for name, image in self.images.items()]
        for name, kind, png in pictures:
            written.append(folder / f"{names(name, kind)}.png")
            written[-1].write_bytes(png)
        for name, video in self.videos.items():
            written.append(folder / f"{names(name, 'video')}.mp4")
            write_video(written[-1], video)
        for name, source in self.files.items():
            written.append(Path(shutil.copyfile(source, folder / names(name, "file"))))
        written[1].write_text(self._page(self.title or title, pictures, names), encoding="utf-8")
        return [*written[2:], *written[:2]]

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

    def _page(self, title: str, pictures: Sequence[tuple[str, str, bytes]], names: Names) -> str:
        body = [f"<h1>{html.escape(title)}</h1>"]
        body += [f"<p>{html.escape(note)}</p>" for note in self.notes]
        if self.metrics:
            body.append(_html_table(Table(["metric", "value"], list(self.metrics.items()))))
        for name, table in self.tables.items():
            body += [f"<h2>{html.escape(name)}</h2>", _html_table(table)]
        for name, _, png in pictures:
            data = base64.b64encode(png).decode()
            body += [
                f"<h2>{html.escape(name)}</h2>",
                f'<img alt="{html.escape(name)}" src="data:image/png;base64,{data}">',
            ]
        body += [
            f'<p><a href="{names(name, "file")}" download>{html.escape(name)}</a></p>' for name in self.files
        ]
        for name in self.videos:
            body += [
                f"<h2>{html.escape(name)}</h2>",
                f'<video controls loop src="{names(name, "video")}.mp4"></video>',
            ]
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
            f"<style>{_STYLE}</style>{''.join(body)}</html>\n"
        )


def format_cell(value: Any) -> str:
    """A cell as text: four significant digits for floats, empty for None."""
    if value is None:
        return ""
    if isinstance(value, (float, np.floating)):
        return f"{value + 0.0:.4g}"  # -0 is 0
    return str(value)


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


def _figure_png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, bbox_inches="tight")
    return buffer.getvalue()


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_html_cell(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    caption = f"<caption>{html.escape(table.caption)}</caption>" if table.caption else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _markdown_cell(cell: Any) -> str:
    text = html.escape(format_cell(cell), quote=False)
    for char in "|*`":
        text = text.replace(char, f"&#{ord(char)};")
    return " ".join(text.split())


def _html_cell(cell: Any) -> str:
    text = html.escape(format_cell(cell))
    return f"<pre>{text}</pre>" if "\n" in text else text
