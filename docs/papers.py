"""Where each section, equation, algorithm, figure and table of the papers is, in the papers' order.

The sources cite them in their docstrings; this finds the citations. `docs/generate.py` writes the tables into
docs/plugins, and mkdocs does it again as it builds the site, so that the lines there are right.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"<!-- docs/papers.py -->\n.*?<!-- end -->\n", re.DOTALL)
LINE = re.compile(r"(\.py):\d+`")

_AUTHORS = r"[A-Z][\w-]+(?: et al\.| (?:and|&) [A-Z][\w-]+)(?: \d{4})?"
_PLACE = r"(?:\d+(?:\.\d+)*|[A-Z]{1,4}(?:\.\d+)*)"
_CITED = re.compile(
    rf"(?:(?P<who>{_AUTHORS})(?:,[\w -]+)?, )?"
    rf"\b(?P<kind>section|equation|algorithm|appendix|figure|table)(?:s|es)? (?P<where>{_PLACE})\b"
    rf"(?P<more>(?:, {_PLACE}\b)*(?: (?:and|to) {_PLACE}\b(?!,? [a-z]+ \d))?)"
)
_KINDS = ("section", "appendix", "equation", "algorithm", "figure", "table")


@dataclass(frozen=True)
class Place:
    """A place in a paper, and one in the sources that follows it.

    Attributes:
        paper: authors and year.
        where: such as "section 4.2".
        what: what is there in the sources, in a line.
        name: of the class or function, "" for a whole file.
        file: relative to the plugin's package.
        line: of its definition.
    """

    paper: str
    kind: str
    where: str
    what: str
    name: str
    file: str
    line: int

    @property
    def order(self) -> tuple[Any, ...]:
        split = self.where.split(".")
        parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in split]
        return (_KINDS.index(self.kind), parts, self.file, self.line)


def page_of(plugin: str, text: str) -> str:
    """A plugin's page with its table made anew, if it has one."""
    return TABLE.sub(lambda _: f"<!-- docs/papers.py -->\n{tables(plugin)}<!-- end -->\n", text)


def without_lines(text: str) -> str:
    """The same, but for the line numbers, which every edit moves."""
    return LINE.sub(r"\1`", text)


def tables(plugin: str) -> str:
    """A table for each paper that a plugin's sources cite, its own first."""
    own = main_paper(plugin)
    found: dict[str, list[Place]] = defaultdict(list)
    for place in places(plugin, own):
        found[place.paper].append(place)
    papers = sorted(found, key=lambda paper: (paper != own, paper))
    parts = []
    for paper in papers:
        rows = [
            f"| {place.kind} {place.where} | {place.what} | `{place.file}:{place.line}`"
            f"{f' `{place.name}`' if place.name else ''} |"
            for place in sorted(set(found[paper]), key=lambda place: place.order)
        ]
        parts.append("\n".join([f"**{paper}**\n", "| there | here | where |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def main_paper(plugin: str) -> str:
    """Authors and year of the paper that a plugin is after, as the table of plugins has it."""
    index = (ROOT / "docs" / "plugins" / "index.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| \[{plugin}\].*", index, re.MULTILINE)
    found = re.search(r"\(([^()]+ \d{4})\)", row)
    assert found is not None, f"docs/plugins/index.md names no paper of {plugin}"
    return found[1]


def places(plugin: str, own: str) -> Iterator[Place]:
    """Every citation in the docstrings of a plugin."""
    source = ROOT / "plugins" / plugin / "src" / f"framework_{plugin}"
    for path in sorted(source.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        head = ast.get_docstring(tree) or ""
        others = re.findall(_AUTHORS, head)
        # A file after another paper means that one, unless it says "the paper".
        meant = others[0] if others and "the paper" not in head else own
        for node, name in _documented(tree):
            said = ast.get_docstring(node) or ""
            for cited in _CITED.finditer(said.replace("\n", " ")):
                paper = _full(cited["who"] or meant, head, own)
                for where in [cited["where"], *re.findall(_PLACE, cited["more"])]:
                    line = getattr(node, "lineno", 1)
                    file = path.relative_to(source).as_posix()
                    yield Place(paper, cited["kind"], where, _summary(said), name, file, line)


def _documented(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    yield tree, ""
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
                above = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                yield child, above + child.name


def _full(paper: str, head: str, own: str) -> str:
    """A paper with its year, and with "and" between two authors."""
    paper = paper.replace("&", "and")
    if re.search(r"\d{4}$", paper):
        return paper
    named = [one.replace("&", "and") for one in re.findall(_AUTHORS, head)]
    return next((one for one in [own, *named] if one.startswith(paper) and one != paper), paper)


def _summary(docstring: str) -> str:
    """The first sentence, without what it cites in parentheses."""
    first = docstring.split("\n\n")[0].replace("\n", " ")
    cited = rf" *\((?=[^()]*\b(?:{'|'.join(_KINDS)})s? )[^()]*\)"
    first = re.sub(cited, "", first)
    return re.split(r"(?<=[\w)])\.(?: |$)", first)[0].replace("|", "\\|").strip()


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Called by mkdocs for each page."""
    path = Path(page.file.src_path)
    return page_of(path.stem, markdown) if path.parent.name == "plugins" else markdown


if __name__ == "__main__":
    for plugin in sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")):
        print(f"## {plugin}\n\n{tables(plugin)}")
