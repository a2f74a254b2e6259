"""Any server that speaks the OpenAI completions protocol, as a model."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from torch import nn

from framework_codex.code_model import Completion, Request, Sampling
from framework_codex.sources.answer import choices_of, completion_from
from framework_codex.sources.config import OpenAIConfig
from framework_codex.sources.http import Client, RefusedError
from framework_codex.sources.threads import in_threads

log = logging.getLogger("framework")

# Fields a server may do without, left out once it has refused them by name.
_OPTIONAL = ("seed", "logprobs")


class OpenAIModel(nn.Module):
    """Samples from a server: vLLM, llama.cpp, a paid service.

    Samples of one prompt are asked for `n` at a time, with a seed that comes from the first of
    them; whether a server draws the same again is up to it. Log-probabilities are what it
    reports; vLLM's are those at temperature 1.

    Args:
        environment: not looked at.
        config: the parameters.

    Raises:
        UserError: the address or the key's variable cannot be used.
    """

    def __init__(self, environment: Any, config: OpenAIConfig) -> None:
        super().__init__()
        self.config = config
        self._refused: set[str] = set()
        Client(config).close()

    def fingerprint(self) -> str:
        """Of the address, the model's name and how it is asked; not of weights out of reach."""
        names = ("model", "base_url", "chat", "instruction", "system", "extra")
        asked = {name: value for name, value in asdict(self.config).items() if name in names}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Completion]]:
        """Completions in the order the server answers.

        Raises:
            UserError: the server refuses, or does not answer; what it had answered until then
                has been given out before.
        """
        client = Client(self.config)
        jobs = _jobs(requests, len(requests) if sampling.temperature == 0 else self.config.n)
        try:
            for found in in_threads(
                lambda job: self._ask(client, job, sampling), jobs, self.config.concurrency, client.closed
            ):
                yield from found
        finally:
            client.close()

    def _ask(self, client: Client, job: _Job, sampling: Sampling) -> list[tuple[int, Completion]]:
        """The completions of a job; several questions where a server gives fewer than asked for."""
        found: list[Completion] = []
        wanted = 1 if sampling.temperature == 0 else len(job.positions)
        while len(found) < wanted:
            content = self._content(job.request, sampling, wanted - len(found), len(found))
            answer = self._post(client, content)
            found += [
                completion_from(choice, job.request, sampling, self.config.chat)
                for choice in choices_of(answer)
            ]
        # At temperature 0 all are alike.
        texts = found[: len(job.positions)] if wanted > 1 else found[:1] * len(job.positions)
        return list(zip(job.positions, texts, strict=True))

    def _content(self, request: Request, sampling: Sampling, n: int, drawn: int) -> dict[str, Any]:
        config = self.config
        content: dict[str, Any] = {
            "model": config.model,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "n": n,
            "seed": (request.entropy()[0] + drawn) % 2**31,
        }
        if config.chat:
            middle = (
                f"{request.prompt}<the missing part>{request.suffix}" if request.suffix else request.prompt
            )
            question = f"{config.instruction}\n\n```python\n{middle}\n```"
            system = [{"role": "system", "content": config.system}] if config.system else []
            content["messages"] = [*system, {"role": "user", "content": question}]
        else:
            content["prompt"] = request.prompt
            if request.suffix:
                content["suffix"] = request.suffix
            if sampling.stop:
                content["stop"] = list(sampling.stop[: config.stop_limit])
        if config.logprobs:
            content["logprobs"] = True if config.chat else 1
        content |= config.extra
        return {key: value for key, value in content.items() if value is not None}

    def _post(self, client: Client, content: dict[str, Any]) -> dict[str, Any]:
        path = "/chat/completions" if self.config.chat else "/completions"
        while True:
            sent = {key: value for key, value in content.items() if key not in self._refused}
            try:
                return client.post(path, sent)
            except RefusedError as error:
                refused = next((name for name in _OPTIONAL if name in sent and name in str(error)), None)
                if refused is None:
                    raise
                self._refused.add(refused)
                log.warning("%s does not take %r: going on without", self.config.base_url, refused)


class _Job(NamedTuple):
    """Samples that are asked for together; the request is the first of them."""

    request: Request
    positions: list[int]


def _jobs(requests: Sequence[Request], n: int) -> list[_Job]:
    open_jobs: dict[tuple[str, str, str], _Job] = {}
    jobs = []
    for position, request in enumerate(requests):
        key = (request.task_id, request.prompt, request.suffix)
        job = open_jobs.get(key)
        if job is None or len(job.positions) >= n:
            job = open_jobs[key] = _Job(request, [])
            jobs.append(job)
        job.positions.append(position)
    return jobs
