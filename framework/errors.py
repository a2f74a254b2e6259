"""Errors that are the user's to mend: printed without a traceback, exit code 2."""

from __future__ import annotations

from collections.abc import Iterable


class UserError(Exception):
    """Something the user gave cannot be used.

    The message names the thing, the place and the fix. The command prints it on
    stderr and exits with 2; a traceback would only hide it.

    Attributes:
        resumable: whether a run that ended by it has anything to go on from.
    """

    resumable = True


class PluginError(UserError):
    """A plugin could not be loaded or registers something unusable."""


class UnknownComponentError(UserError):
    """A `plugin/name` that no loaded plugin registers."""


#: Value -> what is shown in its place: secrets that a recipe has read from environment variables.
secrets: dict[str, str] = {}


def without_secrets(text: str) -> str:
    """A message with what stands for them in place of the secrets."""
    for value, name in secrets.items():
        text = text.replace(value, name)
    return text


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `did you mean 'x'?` for the nearest known name, whatever its case, or an empty string."""
    import difflib

    folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[close[0]]!r}?" if close else ""
