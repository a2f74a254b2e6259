"""Names and texts as MLflow and file systems take them.

MLflow takes letters, digits, spaces and `/ _ - . :` in a name, up to 250 of them, and refuses
one that reads as another path (`a//b`, `/a`, `..`). A refused name costs the whole request, so
it is changed before it is sent.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Collection, Iterable

#: What the oldest servers in use take of a parameter's value, and of a tag's.
LONGEST_PARAM, LONGEST_TAG = 500, 5000
log = logging.getLogger("framework")


def mlflow_name(name: str) -> str:
    """The name of a metric, parameter or tag."""
    parts = re.sub(r"[^/\w.\- :]", "_", name).split("/")
    # A part that is dots alone means another folder, and so do two dots at the start.
    parts = [re.sub(r"^\.\.|^\.$", lambda dots: "_" * len(dots[0]), part) for part in parts if part]
    return _cut("/".join(parts) or "_", 250, name)


def image_name(name: str) -> str:
    """The name of an image, which becomes part of a file's."""
    return _cut(re.sub(r"[^/\w.\- ]", "_", mlflow_name(name), flags=re.ASCII), 120, name)


def file_name(title: str) -> str:
    """A title as the name of a file or folder, in any file system and address."""
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in title)
    return _cut(kept.strip("._") or "untitled", 100, title)


class Names:
    """Gives every name one that is accepted, each a different one.

    Args:
        accepted: makes a name acceptable, such as `mlflow_name`.
        what: is named; if given, a change is told, once.
    """

    def __init__(self, accepted: Callable[[str], str], what: str = "") -> None:
        self._accepted = accepted
        self._what = what
        self._given: dict[tuple[str, str], str] = {}

    def __call__(self, name: str, kind: str = "") -> str:
        """The name to use for this one, of things of this kind: always the same."""
        if (kind, name) not in self._given:
            new = self._accepted(name)
            if new in self._given.values():
                new = self._accepted(f"{new}-{_digest(kind + name)}")
            if self._what and new != name:
                log.warning("MLflow takes no %s called %r: there it is %r", self._what, name, new)
            self._given[kind, name] = new
        return self._given[kind, name]


def short_names(keys: Iterable[str], separator: str = ".") -> dict[str, str]:
    """The shortest endings of dotted keys that tell them apart: `algorithm.k` -> `k`."""
    paths = {key: key.removesuffix(".use").split(separator) for key in keys}
    names = {}
    for key, path in paths.items():
        others = [other for name, other in paths.items() if name != key]
        length = 1
        while length < len(path) and any(path[-length:] == other[-length:] for other in others):
            length += 1
        names[key] = separator.join(path[-length:])
    return names


def default_name(recipe: str, overrides: Iterable[str], seeds: Collection[int]) -> str:
    """The name of a run that its recipe does not name: `her_reach-k=0-seed=1`.

    Args:
        recipe: its recipe's name.
        overrides: `key=value`, as given.
        seeds: of its stages; told if there is one for all.
    """
    given = dict(one.split("=", 1) for one in overrides)
    changed = {
        key: value for key, value in given.items() if key.partition(".")[0] not in ("seed", "tracking")
    }
    short = short_names([*changed, "seed"])
    parts = [f"{short[key]}={shown(value, 24)}" for key, value in changed.items()]
    parts += [f"seed={seed}" for seed in set(seeds)] if len(set(seeds)) == 1 else []
    return shown("-".join([recipe, *parts]), 120)


def in_words(name: str) -> str:
    """A metric as people write it: `monitor/success_rate/rate` is "success rate"."""
    parts = [part.replace("_", " ") for part in name.split("/") if part != "monitor"]
    if len(parts) > 1 and parts[-1] in parts[-2].split():
        parts.pop()
    return ": ".join(parts)


def proper_name(component: str) -> str:
    """A component as people write its name: `her/fetch_push` is FetchPush."""
    name = component.rpartition("/")[2]
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def shown(value: object, longest: int) -> str:
    """A value as text that every database holds, what is cut off shown by an ellipsis."""
    text = str(value).encode("utf-8", "replace").decode().replace("\0", "?")
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _cut(text: str, longest: int, name: str) -> str:
    """Cut to a length in bytes, ending in a digest of the whole name."""
    data = text.encode()
    if len(data) <= longest:
        return text
    return f"{data[: longest - 9].decode(errors='ignore').rstrip('/')}-{_digest(name)}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
