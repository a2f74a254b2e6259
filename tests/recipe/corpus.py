"""The corpus of wrong recipes: `wrong/*.txt`, each case a recipe and what is said of it.

=== title
the text of recipe.yaml
--- file other.yaml      (any number of further files)
its text
--- override key=value   (any number)
--- says
the whole message
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "wrong"


@dataclass
class Case:
    topic: str
    title: str
    recipe: str = ""
    files: dict[str, str] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    says: str = ""

    def write(self, folder: Path) -> None:
        for name, text in {"recipe.yaml": self.recipe, **self.files}.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")


def cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.txt")):
        yield from _read(path)


def _read(path: Path) -> Iterator[Case]:
    _, *blocks = ("\n" + path.read_text(encoding="utf-8")).split("\n=== ")
    for block in blocks:
        head, *parts = f"{block}\n".replace("\n\n\n", "\n\n").split("\n--- ")
        title, _, recipe = head.partition("\n")
        case = Case(path.stem, title, recipe if recipe.endswith("\n") or not recipe else f"{recipe}\n")
        for part in parts:
            command, _, text = part.partition("\n")
            word, _, argument = command.partition(" ")
            if word == "file":
                case.files[argument] = text if text.endswith("\n") else f"{text}\n"
            elif word == "override":
                case.overrides.append(argument)
            else:
                assert word == "says", f"{path}: {command!r}"
                case.says = text.strip("\n")
        yield case
