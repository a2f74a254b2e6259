"""Load a causal language model from a local folder; nothing is downloaded."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from framework.errors import UserError
from framework.quiet import quiet
from framework_codex.sources.config import HfConfig

_POINTER = b"version https://git-lfs"
_TOKENIZERS = ("tokenizer.json", "vocab.*", "*.model", "*.tiktoken", "tekken.json", "tokenization_*.py")


def load(config: HfConfig) -> tuple[Any, Any]:
    """The network, in eval mode on its device, and its tokenizer.

    Raises:
        UserError: transformers is not installed, or the folder holds no causal language model
            that can be loaded.
    """
    transformers = _transformers()
    _look_over(config.path)
    device = _device(config.device)
    options = {"local_files_only": True, "trust_remote_code": config.trust_remote_code}
    with _quiet(transformers):
        try:
            described = transformers.AutoConfig.from_pretrained(str(config.path), **options)
            if described.is_encoder_decoder:
                raise ValueError("it is an encoder and decoder, not a causal language model")
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(config.path), **options)
            network, found = transformers.AutoModelForCausalLM.from_pretrained(
                str(config.path), dtype=config.dtype, output_loading_info=True, **options
            )
        except Exception as error:  # whatever a library, or a model's own code, makes of broken files
            raise _explained(error, config) from error
    if found.get("missing_keys"):
        missing = sorted(found["missing_keys"])
        raise UserError(
            f"{config.path} lacks weights of a causal language model, such as {missing[0]} "
            f"({len(missing)} in all)\n  is it a model for something else, or was the download cut short?"
        )
    try:
        return network.to(device).eval(), tokenizer
    except torch.OutOfMemoryError as error:
        raise UserError(f"{config.path} does not fit {device}: {error}\n  try dtype: bfloat16") from error


def _transformers() -> Any:
    try:
        return importlib.import_module("transformers")
    except ImportError as error:
        raise UserError(f"codex/hf needs transformers ({error})\n  pip install transformers") from error


def _look_over(path: Path) -> None:
    """Recognise what is often given in place of a model's folder."""
    if not path.is_dir():
        what = "is a file, not the folder of a model" if path.exists() else "does not exist"
        raise UserError(
            f"{path} {what}\n  nothing is downloaded; get a model with: hf download NAME --local-dir FOLDER"
        )
    if not (path / "config.json").is_file():
        hint = "config.json is missing: give the folder that holds it"
        if (path / "adapter_config.json").is_file():
            hint = "it is an adapter: merge it into its base model first (merge_and_unload of peft)"
        elif any(path.glob("*.gguf")):
            hint = "it is in GGUF format: serve it with llama.cpp and use codex/openai_api"
        elif found := sorted(path.glob("**/config.json")):
            hint = f"did you mean {found[0].parent}?"
        raise UserError(f"{path} holds no model in the Hugging Face format\n  {hint}")
    # Without its files transformers makes up a tokenizer that knows next to nothing.
    if not any(any(path.glob(pattern)) for pattern in _TOKENIZERS):
        raise UserError(
            f"{path} holds no tokenizer, such as tokenizer.json\n  copy it from the original model"
        )
    for file in sorted([*path.glob("*.safetensors"), *path.glob("*.bin")]):
        with file.open("rb") as opened:
            if opened.read(len(_POINTER)) == _POINTER:
                raise UserError(
                    f"{file} is a pointer of Git LFS, not weights\n  run `git lfs pull` in the folder"
                )


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"device {name!r} cannot be used: {reason}\n  try auto, cpu or cuda") from error
    return device


def _explained(error: Exception, config: HfConfig) -> UserError:
    reason = str(error).strip()
    if "trust_remote_code" in reason:
        return UserError(
            f"{config.path} needs Python files of its own to run\n"
            "  read them, and set trust_remote_code: true if you trust them"
        )
    first = " ".join(reason.split())[:300]
    return UserError(f"{config.path} cannot be loaded as a causal language model\n  {first}")


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Without progress bars and advice; both as they were afterwards."""
    logs = transformers.utils.logging
    shown = logs.is_progress_bar_enabled()
    logs.disable_progress_bar()
    try:
        with quiet("transformers"):
            yield
    finally:
        if shown:
            logs.enable_progress_bar()
