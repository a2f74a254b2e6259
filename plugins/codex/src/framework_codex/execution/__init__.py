"""Execution of programs nobody has read: see `judge.Judge`."""

from __future__ import annotations

from .judge import Judge
from .verdict import JudgeConfig, Limits, Verdict

__all__ = ["Judge", "JudgeConfig", "Limits", "Verdict"]
