"""Parameters of models that come from elsewhere: a file, a local folder, a server."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Annotated, Any, Literal

from framework import Param


@dataclass(frozen=True, kw_only=True)
class RecordedConfig:
    """Samples made elsewhere, as JSON lines."""

    path: Annotated[
        Path,
        Param(
            "JSON lines, gzip or not, with `task_id` and one of `completion` (human-eval), "
            "`samples` (CodeT), `solution` (EvalPlus)"
        ),
    ]
    allow_missing: Annotated[bool, Param("leave out problems without samples instead of stopping")] = False
    allow_unknown: Annotated[
        bool, Param("leave out samples of problems that the environment does not have, instead of stopping")
    ] = False
    skip_bad_lines: Annotated[bool, Param("leave out lines that cannot be read instead of stopping")] = False
    longest: Annotated[int, Param("a longer sample counts as a bad line", unit="characters", ge=1)] = (
        1_000_000
    )


@dataclass(frozen=True, kw_only=True)
class HfConfig:
    """A causal language model in the Hugging Face format, from a local folder."""

    path: Annotated[Path, Param("folder with config.json, weights and tokenizer; nothing is downloaded")]
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"],
        Param("number format of the weights; `auto`: as they are stored"),
    ] = "auto"
    device: Annotated[str, Param("such as `cpu` or `cuda:1`; `auto`: a GPU if there is one")] = "auto"
    trust_remote_code: Annotated[
        bool, Param("run Python files of the folder, which some models need: only if you trust them")
    ] = False
    batch_size: Annotated[
        int, Param("batch size when sampling; halved if memory runs out", unit="completions", ge=1)
    ] = 32
    infill: Annotated[
        Literal["tokens", "ignore"],
        Param("what becomes of a problem's suffix: shown between fill-in-the-middle tokens, or left out"),
    ] = "tokens"


@dataclass(frozen=True, kw_only=True)
class OpenAIConfig:
    """A server that speaks the OpenAI completions protocol: vLLM, llama.cpp, a paid service."""

    model: Annotated[str, Param("name of the model on the server")]
    base_url: Annotated[str, Param("address of the server, including /v1")] = "http://localhost:8000/v1"
    key_variable: Annotated[
        str, Param("environment variable that holds the API key; none is sent if it is unset or empty")
    ] = "OPENAI_API_KEY"
    chat: Annotated[
        bool, Param("ask through /chat/completions and take the code block out of the answer")
    ] = False
    instruction: Annotated[str, Param("text before the prompt, in a chat")] = (
        "Complete the following Python code. Answer with the whole program in one code block."
    )
    system: Annotated[str, Param("system message of a chat; empty for none")] = ""
    n: Annotated[int, Param("completions per request", unit="completions", ge=1)] = 10
    concurrency: Annotated[int, Param("requests in parallel", ge=1, le=256)] = 8
    timeout: Annotated[float, Param("maximum wait for an answer", unit="s", gt=0)] = 300.0
    retries: Annotated[int, Param("retries after status 408, 429, 5xx or a lost connection", ge=0)] = 6
    backoff: Annotated[
        float,
        Param(
            "wait before the first retry, doubled each time, unless the server sends Retry-After",
            unit="s",
            ge=0,
        ),
    ] = 1.0
    longest_wait: Annotated[float, Param("maximum wait between two attempts", unit="s", gt=0)] = 60.0
    logprobs: Annotated[bool, Param("ask for log-probabilities of the tokens, which codex/ranking needs")] = (
        True
    )
    stop_limit: Annotated[
        int,
        Param("maximum number of stop sequences to send; samples are cut at all of them in any case", ge=0),
    ] = 4
    extra: Annotated[dict[str, Any], Param("further fields of the request; null removes a field")] = (
        dataclass_field(default_factory=dict)
    )
