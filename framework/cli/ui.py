"""`framework ui`: open the tracking store in MLflow's own pages."""

from __future__ import annotations

import os
import socket
import sys

import click

from framework.errors import UserError


@click.command("ui")
@click.option("--uri", help="Show this tracking store instead.")
@click.option(
    "--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def command(uri: str | None, port: int, host: str) -> None:
    """Open the runs of this directory in MLflow.

    Shows the store that `framework run` writes to by default: the one named by
    MLFLOW_TRACKING_URI, or else mlflow.db in this directory. Ctrl-C ends it.
    """
    from framework.recipe.variables import read
    from framework.runs.store import tracking_uri

    arguments = server_arguments(read(tracking_uri(uri)), host, port)
    click.echo(f"MLflow starts on http://{host}:{port} (Ctrl-C ends it)", err=True)
    sys.stderr.flush()
    # MLflow starts seven more processes otherwise, for jobs that nothing here submits.
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    # Replaces this process, so that Ctrl-C and signals reach the server directly.
    os.execv(sys.executable, arguments)


def server_arguments(uri: str, host: str, port: int) -> list[str]:
    """The command line that serves a tracking store.

    Raises:
        UserError: there is no store behind `uri`, it is a server already, or the port is
            taken.
    """
    from framework.runs.store import sqlite_path

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
