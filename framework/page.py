"""Pages that stand alone: one HTML file, read on a phone and without network as well.

Reports and runs are shown by the same few pieces, each a text of HTML.
"""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.plain import format_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Larger videos stay files beside the page.
LARGEST_VIDEO = 20_000_000

_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;overflow-wrap:break-word}
h1{font-size:1.6em;line-height:1.2}h2{font-size:1.25em;margin:2em 0 .5em}h3{font-size:1em}
.wide{overflow-x:auto}table{border-collapse:collapse}
td,th{padding:.25em .8em;border-bottom:1px solid #8886;text-align:right;vertical-align:top}
td:first-child,th:first-child,caption{text-align:left}
pre{text-align:left;overflow-x:auto;margin:.3em 0}
pre.block{padding:.6em .8em;background:#8882;border-radius:4px}
img,video{max-width:100%;height:auto}img{background:#fff}
p{white-space:pre-wrap}summary{cursor:pointer;font-weight:600;margin:.6em 0}
@media (max-width:30em){body{margin:1em auto;font-size:14px}td,th{padding:.2em .5em}}
"""


def document(title: str, body: Iterable[str]) -> str:
    """A whole page."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{''.join(body)}</html>\n"
    )


def heading(text: str, level: int = 2) -> str:
    """A heading of its level: 2 below the title."""
    return f"<h{level}>{html.escape(text)}</h{level}>"


def paragraph(text: str) -> str:
    """Plain text, its line breaks kept."""
    return f"<p>{html.escape(text)}</p>"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """A table; one that is too wide for the screen scrolls by itself."""
    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in columns)
    lines = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    above = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    body = f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    return f'<div class="wide">{body}</div>'


def code(text: str) -> str:
    """Text in lines of its own."""
    return f'<pre class="block">{html.escape(text.strip())}</pre>'


def folded(title: str, *inner: str) -> str:
    """What is shown on request only."""
    return f"<details><summary>{html.escape(title)}</summary>{''.join(inner)}</details>"


def png(figure: Figure) -> bytes:
    """A matplotlib figure as a picture: it shows everywhere, MLflow's viewer included."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, bbox_inches="tight")
    return buffer.getvalue()


def picture(title: str, png: bytes) -> str:
    """A picture, within the page."""
    return f'<img alt="{html.escape(title)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def video(path: Path, link: str) -> str:
    """A video, within the page; a large one stays a file, to be found at `link`."""
    source = html.escape(link)
    if path.stat().st_size <= LARGEST_VIDEO:
        source = f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode()}"
    return f'<video controls loop muted playsinline src="{source}"></video>'


def report(folder: Path, level: int = 2, links: str = "") -> Iterator[str]:
    """What an evaluator's report shows, from the folder it was saved to; what is not there is left out.

    Args:
        folder: with its `report.json`.
        level: of its headings.
        links: the folder as the page sees it, ending in a slash; "" for a page in the folder itself.
    """
    kept: Mapping[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    yield from map(paragraph, kept["notes"])
    if kept["metrics"]:
        yield table(["metric", "value"], kept["metrics"].items())
    for title, each in kept["tables"].items():
        yield heading(title, level) + table(each["columns"], each["rows"], each["caption"])
    for title, name in _there(folder, kept, "figures", "images"):
        yield heading(title, level) + picture(title, (folder / name).read_bytes())
    for title, name in _there(folder, kept, "files"):
        yield f'<p><a href="{html.escape(links + name)}" download>{html.escape(title)}</a></p>'
    for title, name in _there(folder, kept, "videos"):
        yield heading(title, level) + video(folder / name, links + name)


def _there(folder: Path, kept: Mapping[str, Any], *kinds: str) -> Iterator[tuple[str, str]]:
    for kind in kinds:
        yield from (both for both in kept.get(kind, {}).items() if (folder / both[1]).is_file())


def _cell(cell: Any) -> str:
    text = html.escape(format_cell(cell))
    return f"<pre>{text}</pre>" if "\n" in text else text
