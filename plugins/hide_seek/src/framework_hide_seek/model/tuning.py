"""Fine-tuning: a policy for another task, begun with what one has learnt (section 6.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from framework.errors import UserError
from framework.rl.policy import ActorCritic
from framework.runs.weights import model_weights
from framework_hide_seek.model.encoder import EntityEncoder

#: Parts of the names of what starts anew.
_RENEWED = {"hidden": (".layers.",), "heads": ("head.", "value_head.", ".norm.")}
_PART = "normalizer.parts."


def start_from(policy: ActorCritic, path: Path, renew: Sequence[str]) -> None:
    """Take the weights of a checkpoint, but for what is to start anew.

    Which entities the checkpoint knows is told by its normaliser; those that only the checkpoint knows are
    left out. Where something is to start anew, what is about entities that only the policy knows does, too.

    Args:
        policy: of `hide_seek/entities`, with one network for all agents.
        path: the checkpoint, of another such.
        renew: what starts anew, of "hidden" and "heads".

    Raises:
        UserError: it is no checkpoint, or its model is another one; the message names what does not fit.
    """
    saved, own = model_weights(path), policy.state_dict()
    known = _kinds(saved)
    encoder = policy.trunks["actor"].encoder
    assert isinstance(encoder, EntityEncoder)
    if known is None:  # without a normaliser: the same ones
        known = encoder.kinds
    if not renew and (unknown := set(encoder.kinds) - set(known)):
        raise UserError(
            f"weights: {path} knows nothing of {', '.join(sorted(unknown))}\n"
            "  to learn about them from there: renew: [hidden]"
        )
    found = dict(own)
    for name, value in own.items():
        if any(part in f".{name}" for what in renew for part in _RENEWED[what]):
            continue
        if name.endswith(("encoder.main.weight", "encoder.main.bias")):
            found[name] = _main(name, value, saved, encoder.kinds, known)
            continue
        source = _source(name, encoder.kinds, known)
        if source is not None:
            found[name] = _fitting(name, value, saved, source)
    policy.load_state_dict(found)


def _kinds(saved: Mapping[str, Any]) -> list[str] | None:
    """Kinds of entities that a checkpoint knows, in their order; None without a normaliser."""
    parts = [name.removeprefix(_PART).partition(".")[0] for name in saved if name.startswith(_PART)]
    kinds = [part for part in dict.fromkeys(parts) if part not in ("self", "lidar")]
    return kinds if parts else None


def _source(name: str, kinds: Sequence[str], known: Sequence[str]) -> str | None:
    """What a weight is called in the checkpoint; None if it is of a kind that this does not know."""
    if name.startswith(_PART):
        kind = name.removeprefix(_PART).partition(".")[0]
        return name if kind not in kinds or kind in known else None
    before, entities, after = name.partition("encoder.entities.")
    if not entities:
        return name
    index, _, rest = after.partition(".")
    kind = kinds[int(index)]
    return f"{before}{entities}{known.index(kind)}.{rest}" if kind in known else None


def _main(
    name: str, own: torch.Tensor, saved: Mapping[str, Any], kinds: Sequence[str], known: Sequence[str]
) -> torch.Tensor:
    """The layer for what an agent knows of itself: rows for itself, then for each kind of entity."""
    rows = len(own) // (1 + len(kinds))
    whole = own.new_empty(rows * (1 + len(known)), *own.shape[1:])
    given = _fitting(name, whole, saved, name).chunk(1 + len(known))
    merged = list(own.chunk(1 + len(kinds)))
    merged[0] = given[0]
    for place, kind in enumerate(kinds):
        if kind in known:
            merged[1 + place] = given[1 + known.index(kind)]
    return torch.cat(merged)


def _fitting(name: str, own: torch.Tensor, saved: Mapping[str, Any], source: str) -> torch.Tensor:
    value = saved.get(source)
    if not isinstance(value, torch.Tensor):
        raise UserError(
            f"weights: the checkpoint has no {source}, which this model's {name} is to start from\n"
            "  give hide_seek/entities the parameters that it was trained with"
        )
    if value.shape != own.shape:
        raise UserError(
            f"weights: {source} is {tuple(value.shape)} in the checkpoint, {tuple(own.shape)} in this model\n"
            "  give hide_seek/entities the parameters that it was trained with"
        )
    return value
