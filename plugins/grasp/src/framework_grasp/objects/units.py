"""Units of the lengths in mesh files, which do not say them."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Unit: TypeAlias = Literal["m", "cm", "mm", "inch"]

#: In m.
UNITS: Final = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254}
