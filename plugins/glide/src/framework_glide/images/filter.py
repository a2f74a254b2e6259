"""The environment `glide/filtered`: another one's pictures without what is not to be learned.

The paper trains its public model on filtered pictures (section 6 and appendix F): a classifier finds
what is not wanted, in the pictures themselves.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from framework import Param, Part
from framework.errors import UserError, did_you_mean
from framework_glide.images.tables import pixels

if TYPE_CHECKING:
    from framework_glide.evaluation.judge.model import Judge

log = logging.getLogger("framework")

#: Rows that are looked at together.
_TOGETHER = 1024
#: Whether rows stay, of a batch of them by column.
Keeps = Callable[[dict[str, Any]], list[bool]]


@dataclass(frozen=True, kw_only=True)
class FilterConfig:
    """Parameters of a filter."""

    environment: Annotated[Any, Part("environment"), Param("the pictures that are filtered")]
    words: Annotated[
        tuple[str, ...], Param("leave out pictures whose caption has one of these words, in any case")
    ] = ()
    judge: Annotated[
        Path | None, Param("checkpoint of a glide/judge that looks at the pictures; needs `classes`")
    ] = None
    classes: Annotated[
        tuple[str, ...],
        Param("leave out pictures in which the judge finds one of these classes, such as `cross`"),
    ] = ()
    threshold: Annotated[float, Param("probability from which on a class counts as found", gt=0, lt=1)] = 0.5
    splits: Annotated[tuple[str, ...], Param("splits that are filtered; others stay as they are")] = (
        "train",
    )

    def __post_init__(self) -> None:
        if not self.words and not self.classes:
            raise UserError("a filter needs `words`, or a `judge` and `classes`")
        if bool(self.classes) != (self.judge is not None):
            raise UserError("judge and classes belong together: who looks, and what for")


def make_filtered(config: FilterConfig) -> Any:
    """Leave rows out of a dataset's splits, and tell how many in the log.

    Streams are filtered as they are read, and can still be resumed anywhere.

    Raises:
        UserError: an environment without such splits, a class that the judge does not know, or
            nothing that stays.
    """
    environment = config.environment
    if not isinstance(environment, dict):
        raise UserError("glide/filtered filters pictures in splits, such as glide/captioned_images")
    for name in config.splits:
        if name not in environment:
            hint = did_you_mean(name, list(environment)) or f"it has {', '.join(environment)}"
            raise UserError(f"splits: the environment has no split {name!r}; {hint}")
    keeps = _rules(config)
    changed = {name: _filtered(environment[name], name, keeps) for name in config.splits}
    return type(environment)({**environment, **changed})


def _rules(config: FilterConfig) -> Keeps:
    rules: list[Keeps] = []
    if config.words:
        found = re.compile(rf"\b({'|'.join(map(re.escape, config.words))})\b", re.IGNORECASE)
        rules.append(lambda rows: [found.search(text) is None for text in rows["caption"]])
    if config.judge is not None:
        from framework_glide.evaluation.judge.loading import load

        rules.append(_seen(load(config.judge), config.classes, config.threshold))
    return lambda rows: [all(each) for each in zip(*(rule(rows) for rule in rules), strict=True)]


def _seen(judge: Judge, classes: Sequence[str], threshold: float) -> Keeps:
    known = sorted({name for names in judge.attribute_names.values() for name in names})
    for name in classes:
        if name not in known:
            hint = did_you_mean(name, known) or f"it knows {', '.join(known)}"
            raise UserError(f"classes: the judge knows no class {name!r}; {hint}")
    wanted = {
        attribute: [names.index(name) for name in classes if name in names]
        for attribute, names in judge.attribute_names.items()
    }

    def keeps(rows: dict[str, Any]) -> list[bool]:
        pictures = np.asarray(rows["image"], np.uint8)
        chances = judge.probabilities(pictures)
        most = [chances[name][:, at].sum(axis=1) for name, at in wanted.items() if at]
        return [bool(keep) for keep in np.max(most, axis=0) < threshold]

    return keeps


def _filtered(split: Any, name: str, keeps: Keeps) -> Any:
    if not hasattr(split, "__len__"):
        return split.filter(keeps, batched=True, batch_size=_TOGETHER)
    captions, kept = split["caption"], list[int]()
    for start in range(0, len(split), _TOGETHER):
        part = slice(start, min(start + _TOGETHER, len(split)))
        rows = {"caption": captions[part], "image": pixels(split, part)}
        kept += [start + i for i, keep in enumerate(keeps(rows)) if keep]
    if not kept:
        raise UserError(f"the filter leaves nothing of the split {name!r}\n  ask it for less")
    log.info("filter: %s of %s pictures stay in %s", f"{len(kept):,}", f"{len(split):,}", name)
    return split.select(kept)
