"""`framework ui`: open the tracking store in MLflow's own pages."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from framework.cli.arguments import maybe_run
from framework.errors import UserError

if TYPE_CHECKING:
    from framework.runs import Run

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@click.command("ui")
@maybe_run
@click.option("--uri", help="Show this tracking store instead.")
@click.option(
    "--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--open/--no-open", "opens", default=None, help="Open a browser; by default where there is one."
)
def command(run: str | None, uri: str | None, port: int, host: str, opens: bool | None) -> None:
    """Open RUN in MLflow, or all runs of this directory.

    Shows the store that RUN is in, or else the one that `framework run` writes to by default:
    that named by MLFLOW_TRACKING_URI, or mlflow.db in this directory. Ctrl-C ends it.
    """
    from framework.recipe.variables import read
    from framework.runs.store import how_to_open, tracking_uri

    found = _run(run)
    store = read(uri or (found.state.tracking_uri if run and found else tracking_uri(None)))
    if run and found and store.startswith(("http://", "https://")):
        return _show(how_to_open(store, found.state.run_id), opens)
    shown = found.state.run_id if found else ""
    if link := _link(host, port, shown, whole=not run) if shown else "":
        click.echo("MLflow runs there already", err=True)
        return _show(link, opens)
    arguments = server_arguments(store, host, port)
    click.echo("MLflow starts, which takes some seconds; Ctrl-C ends it", err=True)
    with tempfile.TemporaryFile() as output, _served(arguments, output) as server:
        while server.poll() is None:
            if link := _link(host, port, shown, whole=not run):
                _show(link, opens)
                server.wait()
            time.sleep(0.2)
        output.seek(0)
        click.echo(output.read().decode(errors="replace"), err=True)
        raise SystemExit(1)


def server_arguments(uri: str, host: str, port: int) -> list[str]:
    """The command line that serves a tracking store.

    Raises:
        UserError: there is no store behind `uri`, it is a server already, or the port is
            taken.
    """
    from framework.runs.store import require_database, sqlite_path

    if uri.startswith(("http://", "https://")):
        raise UserError(
            f"the tracking store is a server, which has pages of its own: {uri}\n"
            "  to see the runs of this directory: framework ui --uri sqlite:///mlflow.db"
        )
    path = sqlite_path(uri)
    if path is not None and not path.is_file():
        raise UserError(
            f"no runs are recorded here: {path.absolute()} does not exist\n"
            "  run a recipe first (framework run RECIPE), or change to the directory where you did"
        )
    if path is not None:
        require_database(path)
    require_free(host, port)
    server = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    return [*server, "--host", host, "--port", str(port), "--workers", "1"]


def require_free(host: str, port: int) -> None:
    """Check that nothing listens on a port.

    Raises:
        UserError: something does, or the address is not one of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise UserError(
            f"cannot listen on {host}:{port}: {error.strerror}\n"
            f"  another port: framework ui --port {port + 1}"
        ) from None


def _run(text: str | None) -> Run | None:
    """The run that is asked for; else the newest of this directory, by which its server is known."""
    from framework.runs import find_run

    try:
        return find_run(text or "last")
    except UserError:
        if text:
            raise
        return None


@contextlib.contextmanager
def _served(arguments: list[str], output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's server while it is wanted; SIGINT, SIGTERM and SIGHUP end it and this command quietly."""
    # MLflow starts seven more processes otherwise, for jobs that nothing here submits.
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(signum, signal.default_int_handler) for signum in ends]
    server = subprocess.Popen(
        arguments,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        yield server
    except KeyboardInterrupt:
        raise SystemExit(0) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()
        for signum, handler in zip(ends, before, strict=True):
            signal.signal(signum, handler)


def _link(host: str, port: int, run_id: str, whole: bool) -> str:
    """The page of a run, or of its whole experiment; "" where no server knows it.

    Args:
        host: of the server.
        port: of the server.
        run_id: the run; "" for the experiment that changed last.
        whole: rather the experiment.
    """
    from framework.runs.store import page

    host = EVERYWHERE.get(host, host)
    server = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if run_id:
        answer = _get(host, port, "runs/get", run_id=run_id)
        experiment = answer.get("run", {}).get("info", {}).get("experiment_id", "")
    else:
        answer = _get(host, port, "experiments/search", max_results=1, order_by="last_update_time DESC")
        experiment = next((one["experiment_id"] for one in answer.get("experiments", [])), "")
    return page(server, experiment, "" if whole else run_id) if experiment else ""


def _get(host: str, port: int, path: str, **query: str | int) -> dict[str, Any]:
    """What MLflow's REST interface answers, without a proxy between; {} if it does not."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", f"/api/2.0/mlflow/{path}?{urlencode(query)}")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return answer if isinstance(answer, dict) else {}


def _show(link: str, opens: bool | None) -> None:
    """Print a page's address, and open it where somebody is to see it."""
    click.echo(link)
    if opens is None:
        screen = sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
        opens = sys.stdout.isatty() and screen
    if opens:
        webbrowser.open(link)
