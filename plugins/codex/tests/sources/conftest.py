"""A completions server that misbehaves as it is told to."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class FakeServer:
    """Answers with `faults` first, one each, then with `answer(request)`.

    A fault is a status with a body and headers, a function of the handler, or one of
    `truncated`, `hung_up`, `trickling`.
    """

    def __init__(self, answer, faults=()):
        self.answer, self.faults = answer, list(faults)
        self.requests, self.headers, self.paths = [], [], []
        self.busy = self.busiest = 0
        self.lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                self.reply(200, {"data": [{"id": "codegen-16b"}]})

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with owner.lock:
                    owner.requests.append(request)
                    owner.headers.append(dict(self.headers))
                    owner.paths.append(self.path)
                    fault = owner.faults.pop(0) if owner.faults else None
                    owner.busy += 1
                    owner.busiest = max(owner.busiest, owner.busy)
                try:
                    if isinstance(fault, str):
                        FAULTS[fault](self)
                    elif callable(fault):
                        fault(self)
                    elif fault is not None:
                        self.reply(*fault)
                    else:
                        self.reply(200, owner.answer(request))
                except (BrokenPipeError, ConnectionResetError):
                    pass
                finally:
                    with owner.lock:
                        owner.busy -= 1

            def reply(self, status, content, headers=()):
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in dict(headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def truncated(handler):
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def hung_up(handler):
    """Close without a word."""
    handler.close_connection = True


def trickling(handler):
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        threading.Event().wait(0.05)


FAULTS = {"truncated": truncated, "hung_up": hung_up, "trickling": trickling}


def numbered(request):
    """As many choices as asked for, each with its number."""
    return {"choices": [{"text": f"    return {i}", "finish_reason": "stop"} for i in range(request["n"])]}


@pytest.fixture
def serve():
    """Start servers: `serve(answer, faults)`; each has its `url` and the `requests` it got."""
    servers = []

    def serve(answer=numbered, faults=()):
        servers.append(FakeServer(answer, faults))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()
