"""What the tests of the core and of every plugin have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A deadline would measure the other work of the machine. The same examples every time, so that who
# changes nothing breaks nothing; `--hypothesis-profile=search` draws others.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile("repeatable")


# Tables are cut to the terminal that tests are run from, if it says how wide it is.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_disks() -> Iterator[None]:
    """What no test can lose is not waited for: files are there after a crash of the process anyway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def no_fingerprints() -> Iterator[None]:
    """Datasets are not read through to name what is made of them in a cache, which no test asks for."""
    from datasets import arrow_dataset, fingerprint

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            arrow_dataset, "generate_fingerprint", lambda _: fingerprint.generate_random_fingerprint()
        )
        yield
