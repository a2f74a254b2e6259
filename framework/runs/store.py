"""The tracking store: which one, and making it ready for several processes at once."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sqlite3
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlparse

from framework.errors import UserError
from framework.recipe.variables import read
from framework.runs.names import LONGEST_TAG, Names, file_name, mlflow_name, shown

T = TypeVar("T")

DEFAULT_URI = "sqlite:///mlflow.db"
ARTIFACTS = Path("mlartifacts")
log = logging.getLogger("framework")


def tracking_uri(given: str | None) -> str:
    """The recipe's URI, `MLFLOW_TRACKING_URI`, or SQLite in the working directory."""
    return given or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def page(server: str, experiment_id: str, run_id: str = "") -> str:
    """The address of a run in MLflow, or of all runs of an experiment."""
    of_run = f"/{run_id}" if run_id else ""
    # Without the last words MLflow shows its pages for language models' traces, and none of our results.
    return f"{server.rstrip('/')}/#/experiments/{experiment_id}/runs{of_run}?workflowType=machine_learning"


def how_to_open(uri: str, run_id: str) -> str:
    """The address of a run's page, or the command that shows it where no server is running."""
    if not uri.startswith("http"):
        return f"framework ui {run_id[:8]}"
    with contextlib.suppress(Exception):
        return page(read(uri), Store(uri).client.get_run(run_id).info.experiment_id, run_id)
    return uri


def require_database(path: Path) -> None:
    """Check that a SQLite file is there and is one.

    Raises:
        UserError: it is gone or damaged.
    """
    if not path.is_file():
        raise UserError(
            f"the tracking database {path.absolute()} is gone\n"
            "  put it back; what the runs here have found is in runs/, and a new run makes a new one"
        )
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("select name from sqlite_master").fetchall()
    except sqlite3.OperationalError:
        pass  # locked, or not ours to read: MLflow says so
    except sqlite3.DatabaseError as error:
        raise UserError(
            f"the tracking database {path.absolute()} is damaged: {error}\n"
            "  put a copy in its place, or move it away: a new run makes a new one"
        ) from None


def store_of(uri: str, run_id: str) -> Store:
    """The store that a run is recorded in.

    Raises:
        UserError: it cannot be used, or is not what it was: it does not have the run.
    """
    store = Store(uri, kept=True)
    try:
        store.client.get_run(run_id)
    except Exception as error:
        if getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST":
            raise UserError(
                f"the tracking store {store.uri} does not know run {run_id}: it is another one than it was\n"
                "  put back the one that the run was begun in"
            ) from None
    return store


class Store:
    """A tracking store, ready to be written to.

    Args:
        uri: anything MLflow takes.
        kept: something is recorded there already: no database is made.

    Attributes:
        uri: the same, absolute if it is a file.
        recorded: `uri` as it is written down: with `${oc.env:NAME}` for what came from there.
        local: the file of a SQLite store, else None.

    Raises:
        UserError: it cannot be reached or used.
    """

    def __init__(self, uri: str, kept: bool = False) -> None:
        # MLflow's own patience is several minutes for each call.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
        from mlflow import MlflowClient

        recorded, uri = uri, read(uri)
        self.local = sqlite_path(uri)
        # MLflow keeps one connection for each URI, whatever the working directory became.
        self.uri = absolute(uri)
        self.recorded = recorded if self.local is None else self.uri
        logging.getLogger("mlflow.store.db").setLevel(logging.CRITICAL)  # what it says, it raises too
        logging.getLogger("alembic").setLevel(logging.WARNING)
        if self.local is not None and (kept or self.local.exists()):
            require_database(self.local)
        elif self.local is not None:
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
            artifact_location = str(self.local.parent / ARTIFACTS / file_name(name))
        if (
            artifact_location is not None
            and self.local is not None
            and not urlparse(artifact_location).scheme
        ):
            # Of a path without a scheme MLflow decodes what looks like an escape.
            artifact_location = Path(artifact_location).resolve().as_uri()
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
            first = "start its server" if self.local is None else "see that it can be written to"
            hint = (
                "see the section tracking of the recipe"
                if failed == "refuses this"
                else f"{first}, or choose another: tracking.uri=... or MLFLOW_TRACKING_URI "
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
    """An error in one line: of a database's, what the database says."""
    if said := re.search(r"^\([\w.]+Error\) (.+)", str(error), re.MULTILINE):
        return said[1]
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite URI, None for any other.

    Raises:
        UserError: it names no file.
    """
    if not uri.startswith("sqlite"):
        return None
    from sqlalchemy import make_url  # as MLflow reads it
    from sqlalchemy.exc import ArgumentError

    with contextlib.suppress(ArgumentError):
        if database := make_url(uri).database:
            return Path(database)
    raise UserError(f"{uri} names no file\n  write it with three slashes: {DEFAULT_URI}")


def sqlite_uri(path: Path) -> str:
    """The address of a SQLite file, whatever its folders are called.

    Raises:
        UserError: the installed SQLAlchemy has no way to write it.
    """
    from sqlalchemy import make_url

    # With its slashes escaped too, MLflow takes it for a file name, whose folder it need not make:
    # it would make one called as the escaped folder is.
    for text in (str(path), quote(str(path), safe="")):
        if make_url(f"sqlite:///{text}").database == str(path):
            return f"sqlite:///{text}"
    raise UserError(f"SQLAlchemy cannot open {path}: choose a folder without % and ? in its name")


def absolute(uri: str) -> str:
    """The same store, named independently of the working directory."""
    path = sqlite_path(uri)
    return uri if path is None else "?".join([sqlite_uri(path.resolve()), *uri.split("?")[1:]])
