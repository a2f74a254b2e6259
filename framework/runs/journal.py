"""Every metric on disk before it goes anywhere else."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """Metrics of one moment.

    Attributes:
        step: the progress they belong to.
        time: milliseconds since the epoch.
        metrics: values by name; NaN and infinity are kept.
    """

    step: int
    time: int
    metrics: dict[str, float]


class Journal:
    """An append-only file of metric records, one JSON object a line.

    A resumed run repeats the steps after its checkpoint; what the journal already has of
    them is not written a second time, so that it reads as if nothing had happened. How
    much of it has been sent on is kept beside it.

    Args:
        path: the file; a line torn by a crash is cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sent_path = path.with_suffix(".sent")
        self._lock = threading.Lock()
        self.records = self._read()
        self._last: dict[str, int] = {}
        for record in self.records:
            for name in record.metrics:
                self._last[name] = max(record.step, self._last.get(name, record.step))
        try:
            self.sent = min(int(self._sent_path.read_text(encoding="ascii")), len(self.records))
        except (OSError, ValueError):
            self.sent = 0
        self._file = path.open("a", encoding="utf-8")

    def append(self, metrics: Mapping[str, float], step: int, again: bool = False) -> None:
        """Write what is not there yet; a metric's steps have to grow, unless it is found `again`."""
        new = {k: float(value) for k, value in metrics.items() if again or step > self._last.get(k, -1)}
        if not new:
            return
        record = Record(step, int(time.time() * 1000), new)
        line = json.dumps({"step": record.step, "time": record.time, "metrics": record.metrics})
        self._file.write(line + "\n")
        self._file.flush()
        with self._lock:
            self.records.append(record)
        self._last.update(dict.fromkeys(new, step))

    def pending(self, limit: int) -> list[Record]:
        """The next records to send, with at most `limit` values (but at least one record)."""
        chosen: list[Record] = []
        count = 0
        with self._lock:
            for record in self.records[self.sent :]:
                count += len(record.metrics)
                if chosen and count > limit:
                    break
                chosen.append(record)
        return chosen

    def mark_sent(self, records: int) -> None:
        self.sent += records
        with contextlib.suppress(OSError):  # a full disk: at worst some are sent twice
            self._sent_path.write_text(str(self.sent), encoding="ascii")

    def close(self) -> None:
        self._file.close()

    def _read(self) -> list[Record]:
        if not self.path.exists():
            return []
        whole, records = 0, []
        data = self.path.read_bytes()
        for line in data.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            try:
                records.append(Record(**json.loads(line)))
            except (ValueError, TypeError):
                break
            whole += len(line)
        if whole < len(data):
            with self.path.open("r+b") as file:
                file.truncate(whole)
        return records


def read_journal(path: Path) -> list[Record]:
    """The records of a journal that another process may be writing; nothing is changed."""
    records = []
    with path.open("rb") as file:
        for line in file:
            try:
                records.append(Record(**json.loads(line)))
            except (ValueError, TypeError):
                break
    return records
