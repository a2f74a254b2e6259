"""What the tests of the core and of every plugin have in common."""

from __future__ import annotations

from hypothesis import settings

# A deadline would measure the other work of the machine. The same examples every time, so that who
# changes nothing breaks nothing; `--hypothesis-profile=search` draws others.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile("repeatable")
