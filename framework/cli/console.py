"""What commands that run something show of the log."""

from __future__ import annotations

import logging
import sys

from framework.errors import without_secrets


def show_log() -> None:
    """Print the framework's own messages on stderr, warnings marked as such."""
    logger = logging.getLogger("framework")
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        mark = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        return mark + without_secrets(record.getMessage())
