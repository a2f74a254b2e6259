"""The multi-goal Fetch tasks of Plappert et al. 2018, on batched MuJoCo.

Observations, goals, rewards, thresholds and reset rules are those of gymnasium-robotics'
Fetch environments; only its robot files are used.
"""

from __future__ import annotations
