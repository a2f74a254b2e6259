"""The tracking store: which one, and making it ready for several processes at once."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlparse

from framework.errors import UserError
from framework.runs.names import LONGEST_TAG, Names, mlflow_name, shown

T = TypeVar("T")

DEFAULT_URI = "sqlite:///mlflow.db"
ARTIFACTS = Path("mlartifacts")
log = logging.getLogger("framework")


def tracking_uri(given: str | None) -> str:
    """The recipe's URI, `MLFLOW_TRACKING_URI`, or SQLite in the working directory."""
    return given or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def ui_command(uri: str) -> str:
    """The command that shows this store."""
    return uri if uri.startswith("http") else f"framework ui --uri {uri}"


class Store:
    """A tracking store, ready to be written to.

    Args:
        uri: anything MLflow takes.

    Attributes:
        uri: the same, absolute if it is a file.
        local: the file of a SQLite store, else None.

    Raises:
        UserError: it cannot be reached or used.
    """

    def __init__(self, uri: str) -> None:
        # MLflow's own patience is several minutes for each call.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
        from mlflow import MlflowClient

        self.local = sqlite_path(uri)
        # MLflow keeps one connection for each URI, whatever the working directory became.
        self.uri = uri if self.local is None else f"sqlite:///{self.local.resolve()}"
        logging.getLogger("mlflow.store.db").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        if self.local is not None and not self.local.exists():
            log.info("making the tracking database %s, once (about 3 seconds)", self.local)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.client = self._ask(lambda: MlflowClient(tracking_uri=self.uri), "cannot be used")
            self._ask(lambda: self.client.search_experiments(max_results=1), "cannot be used")

    def experiment(self, name: str, artifact_location: str | None = None) -> str:
        """The id of the experiment, which is made if it is not there."""
        found = self._ask(lambda: self.client.get_experiment_by_name(name))
        if found is not None:
            if found.lifecycle_stage != "active":
                raise UserError(
                    f"experiment {name!r} is deleted in {self.uri}: restore it "
                    f"(mlflow experiments restore) or choose another tracking.experiment"
                )
            return str(found.experiment_id)
        if artifact_location is None and self.local is not None:
            artifact_location = str((self.local.parent / ARTIFACTS / _folder_name(name)).resolve())
        try:
            return str(
                self._ask(lambda: self.client.create_experiment(name, artifact_location=artifact_location))
            )
        except UserError:  # another run may have made it in the meantime
            found = self._ask(lambda: self.client.get_experiment_by_name(name))
            if found is None:
                raise
            return str(found.experiment_id)

    def create_run(self, experiment_id: str, name: str, tags: Mapping[str, str]) -> str:
        names = Names(mlflow_name, "tag")
        kept = {names(key): shown(value, LONGEST_TAG) for key, value in tags.items()}
        made = self._ask(lambda: self.client.create_run(experiment_id, run_name=shown(name, 250), tags=kept))
        return str(made.info.run_id)

    def _ask(self, call: Callable[[], T], refusal: str = "refuses this") -> T:
        try:
            with self._lock():
                return call()
        except UserError:
            raise
        except Exception as error:
            failed = refusal if is_refusal(error) else "cannot be used"
            hint = (
                "see the section tracking of the recipe"
                if failed == "refuses this"
                else "start its server, or choose another: tracking.uri=... or MLFLOW_TRACKING_URI "
                f"(default {DEFAULT_URI})"
            )
            raise UserError(
                f"the tracking store {self.uri} {failed}: {reason_of(error)}\n  {hint}"
            ) from error

    def _lock(self) -> AbstractContextManager[Any]:
        # Two processes that both find no tables would both make them.
        if self.local is None:
            return nullcontext()
        from filelock import FileLock

        self.local.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{self.local}.lock")


def is_refusal(error: Exception) -> bool:
    """Whether the store answered, and did not like what it was given."""
    return getattr(error, "error_code", "") in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")


def reason_of(error: Exception) -> str:
    """An error in one line."""
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite URI, or None."""
    parsed = urlparse(uri)
    if not parsed.scheme.startswith("sqlite"):
        return None
    return Path(uri.partition(":///")[2].partition("?")[0])


def _folder_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
