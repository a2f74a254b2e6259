"""What commands that run something show of the log."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from framework.errors import without_secrets
from framework.progress import clear


def show_log() -> None:
    """Print the framework's own messages on stderr, warnings marked as such."""
    logger = logging.getLogger("framework")
    if logger.handlers:
        return
    handler = _Handler(sys.stderr)
    handler.setFormatter(_Formatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _Handler(logging.StreamHandler[TextIO]):
    def emit(self, record: logging.LogRecord) -> None:
        clear()
        super().emit(record)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        mark = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        return mark + without_secrets(record.getMessage())
