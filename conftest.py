"""What the tests of the core and of every plugin have in common."""

from __future__ import annotations

from hypothesis import settings

# A deadline would measure the other work of the machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
