"""Questions to a server that may be busy, slow, or gone for a moment."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from framework.errors import UserError, did_you_mean
from framework_codex.sources.config import OpenAIConfig

log = logging.getLogger("framework")

_RETRIED = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}
_LARGEST = 512 * 2**20
_PART = 64 * 2**10


class RefusedError(UserError):
    """The server finds the request wrong; the message holds what it says about it."""


class _NotFoundError(UserError):
    """Status 404: the path or the model."""


class Client:
    """Posts JSON, repeating what may succeed later. Safe to use from several threads.

    The key comes from the environment and goes nowhere but into the header.

    Attributes:
        closed: once set, nothing is tried again.

    Raises:
        UserError: the address or the key's variable cannot be used.
    """

    def __init__(self, config: OpenAIConfig) -> None:
        self.config = config
        self._key = _key(config)
        self.closed = threading.Event()
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=config.concurrency, pool_block=True)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        # A callable, because otherwise requests would take a password from ~/.netrc instead.
        self._session.auth = self._authorize

    def post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """The answer to `content`.

        Raises:
            RefusedError: the request is wrong.
            UserError: the server cannot be reached, does not know the key or the model, or does
                not answer with a JSON object.
        """
        try:
            return self._ask("POST", path, json.dumps(content).encode())
        except _NotFoundError as error:
            raise UserError(self._unknown(str(content.get("model")), str(error))) from None

    def close(self) -> None:
        """End waiting between attempts, and connections."""
        self.closed.set()
        self._session.close()

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        attempt = 0
        while True:
            try:
                status, headers, content = self._once(method, path, body)
                problem = f"status {status}: {_reason(content)}"
            except (requests.RequestException, HTTPError, TimeoutError) as error:
                status, headers, content, problem = 0, {}, b"", _short(error)
            if 200 <= status < 300:
                return self._decoded(content)
            problem = self._without_key(problem)
            if status and (status not in _RETRIED or b"insufficient_quota" in content):
                raise self._refusal(status, problem)
            if attempt >= self.config.retries or self.closed.is_set():
                raise UserError(f"{self._address(path)}: {problem}, at attempt {attempt + 1}")
            wait = self._wait(attempt, headers.get("Retry-After", ""))
            attempt += 1
            log.warning("%s: %s; again in %.1f s", self._address(path), problem, wait)
            self.closed.wait(wait)

    def _once(self, method: str, path: str, body: bytes | None) -> tuple[int, Any, bytes]:
        """Status, headers and the whole body, within `timeout`, however slowly it trickles."""
        end = time.monotonic() + self.config.timeout
        with self._session.request(
            method,
            self._address(path),
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=(min(10.0, self.config.timeout), self.config.timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            parts: list[bytes] = []
            size = 0
            # read1 gives what is there; read would wait for the whole of a part.
            while part := response.raw.read1(_PART, decode_content=True):
                parts.append(part)
                size += len(part)
                if time.monotonic() > end:
                    raise TimeoutError(f"the answer takes longer than {self.config.timeout:g} s")
                if size > _LARGEST:
                    raise UserError(f"{self._address(path)}: the answer is larger than 512 MiB")
            return response.status_code, response.headers, b"".join(parts)

    def _wait(self, attempt: int, asked: str) -> float:
        """Seconds before the next attempt: what the server asks for, or doubling and jittered."""
        wait = self.config.backoff * 2.0**attempt * random.uniform(0.75, 1.25)
        try:
            wait = float(asked)
        except ValueError:
            with contextlib.suppress(ValueError, TypeError):  # no date, or one without time zone
                wait = (parsedate_to_datetime(asked) - datetime.now(UTC)) / timedelta(seconds=1)
        return min(max(0.0, wait), self.config.longest_wait)

    def _decoded(self, content: bytes) -> dict[str, Any]:
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise UserError(
                f"{self.config.base_url} does not answer in JSON: {self._without_key(_reason(content))}\n"
                "  is base_url that of the completions protocol? It often ends with /v1"
            )
        return value

    def _refusal(self, status: int, problem: str) -> UserError:
        address, variable = self.config.base_url, self.config.key_variable
        if status in (401, 403):
            what = "does not accept the key in" if self._key else "asks for a key; put it into"
            return UserError(f"{address} {what} the environment variable {variable}\n  {problem}")
        if status == 404:
            return _NotFoundError(problem)
        if 300 <= status < 400:
            return UserError(f"{address} leads elsewhere ({problem}): give the final address as base_url")
        return RefusedError(f"{address} refuses the request\n  {problem}")

    def _unknown(self, model: str, reason: str) -> str:
        """The message for a 404: with the models there are, if the server tells."""
        try:
            listed = self._ask("GET", "/models").get("data") or []
            names = [str(entry["id"]) for entry in listed]
        except (UserError, TypeError, KeyError):
            return f"{self.config.base_url} has no completions: is base_url right?\n  {reason}"
        near = did_you_mean(model, names)
        known = ", ".join(names[:20]) or "none"
        return f"{self.config.base_url} has no model {model!r}" + (f", {near}" if near else f": {known}")

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text

    def _address(self, path: str) -> str:
        return self.config.base_url.rstrip("/") + path


def _key(config: OpenAIConfig) -> str:
    address = config.base_url
    if not address.startswith(("http://", "https://")):
        raise UserError(f"base_url {address!r} has to begin with http:// or https://")
    if "@" in address.split("/")[2]:
        raise UserError("base_url holds a password; put the key into an environment variable (key_variable)")
    if config.key_variable and not config.key_variable.isidentifier():
        raise UserError(
            "key_variable has to be the name of an environment variable that holds the key, not the key"
        )
    key = os.environ.get(config.key_variable, "").strip()
    if not (key.isascii() and (key.isprintable())):
        raise UserError(f"the key in {config.key_variable} holds characters that no key has")
    return key


def _reason(content: bytes) -> str:
    """What an answer says, in one line."""
    text = content.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError, AttributeError):
        value = json.loads(text)
        error = value.get("error", value)
        found = error.get("message") if isinstance(error, dict) else error
        text = str(found or value.get("detail") or text)
    text = " ".join(text.split())
    return text[:300] or "no message"


def _short(error: Exception) -> str:
    if isinstance(error, requests.ConnectionError) and "refused" in str(error):
        return "nothing listens there"
    if isinstance(error, (requests.Timeout, ReadTimeoutError)):
        return "no answer in time"
    return f"{type(error).__name__}: {error}"[:300]
