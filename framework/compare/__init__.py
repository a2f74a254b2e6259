"""Compare runs, or the runs of a sweep: tables of final metrics, and curves.

    framework compare her_reach-1a2b3c --metric success_rate

Runs that differ only in their seed are one group, summarised by its interquartile mean
and a bootstrap interval (`framework.statistics`).
"""

from __future__ import annotations

from framework.compare.comparison import Comparison, Score, compare
from framework.compare.groups import Group

__all__ = ["Comparison", "Group", "Score", "compare"]
