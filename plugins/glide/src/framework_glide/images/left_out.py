"""What could not be used: each named with its reason, and counted."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path

from framework.errors import UserError

log = logging.getLogger("framework")

#: As many are named at once, in the log or in an error.
_NAMED = 20


class LeftOut:
    """Rows of a source that are left out.

    Args:
        path: of the source.
        named: as many are named in the log; none: all, for want of a file that names them.
    """

    def __init__(self, path: Path, named: int | None = _NAMED) -> None:
        self.path, self.named = path, named
        self.reasons: dict[str, str] = {}

    def add(self, name: str, reason: str) -> None:
        """Note a row, and name it in the log."""
        if name not in self.reasons and (self.named is None or len(self.reasons) < self.named):
            log.warning("left out: %s: %s", name, reason)
        self.reasons[name] = reason

    def tell(self, used: int, file: Path | None = None) -> None:
        """Sum up in the log."""
        if self.reasons:
            named = f"; all are named in {file}" if file else ""
            log.warning(
                "%s: %s used, %s left out: %s%s",
                self.path,
                f"{used:,}",
                f"{len(self.reasons):,}",
                self.kinds(),
                named,
            )

    def refuse(self) -> None:
        """Raise if anything was left out.

        Raises:
            UserError: the first of them are named.
        """
        if not self.reasons:
            return
        shown = [f"  {name}: {reason}" for name, reason in list(self.reasons.items())[:_NAMED]]
        more = [f"  and {len(self.reasons) - _NAMED:,} more"] if len(self.reasons) > _NAMED else []
        raise UserError(
            "\n".join(
                [
                    f"{len(self.reasons):,} pictures of {self.path} cannot be used",
                    *shown,
                    *more,
                    "  mend or remove them, or go on without them: bad_images: skip",
                ]
            )
        )

    def kinds(self) -> str:
        """How many for which reason, the most frequent first."""
        # What follows a colon or names a file differs from row to row.
        found = Counter(reason.partition(":")[0] for reason in self.reasons.values())
        most = [f"{count:,} {reason}" for reason, count in found.most_common(6)]
        return ", ".join(most + (["..."] if len(found) > 6 else []))

    def save(self, file: Path) -> None:
        """Write one JSON object a line: `name` and `reason`."""
        rows = ({"name": name, "reason": reason} for name, reason in self.reasons.items())
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    @classmethod
    def load(cls, path: Path, file: Path) -> LeftOut:
        """What was left out of a path, from the file it was saved in."""
        found = cls(path)
        rows = map(json.loads, file.read_text().splitlines())
        found.reasons = {row["name"]: row["reason"] for row in rows}
        return found
