"""A trained module as a file that needs no framework: torch.export's, or ONNX."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from framework.contracts import Served
from framework.errors import UserError
from framework.quiet import quiet

PT2, ONNX = ".pt2", ".onnx"


def inputs_of(served: Served) -> tuple[tuple[torch.Tensor, ...], dict[str, torch.Tensor]]:
    """Positional and named inputs of a served module: its example's, of a batch of two."""
    example = served.example
    if isinstance(example, Mapping):
        return (), {name: torch.from_numpy(np.array(array)) for name, array in example.items()}
    return (torch.as_tensor(np.asarray(example, np.float32)),), {}


def write(served: Served, path: Path) -> None:
    """Write a module for batches of any size.

    Args:
        served: what.
        path: where to: `.pt2` for `torch.export.load`, `.onnx` for ONNX runtimes.

    Raises:
        UserError: another suffix, or a library is missing, or the module cannot be exported.
    """
    if path.suffix not in (PT2, ONNX):
        raise UserError(f"cannot export to {path}: give a file that ends in {PT2} (torch) or {ONNX}")
    if path.suffix == ONNX and not importlib.util.find_spec("onnxscript"):
        raise UserError("ONNX needs a library: pip install onnx onnxscript")
    module = served.module.cpu().eval()
    positional, named = inputs_of(served)
    batch = torch.export.Dim("batch")
    shapes: Any = {name: {0: batch} for name in named} if named else ({0: batch},)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), quiet("torch"), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            program = torch.export.export(module, positional, named, dynamic_shapes=shapes)
        except Exception as error:
            name, reason = type(module).__name__, str(error).partition("\n")[0]
            raise UserError(f"torch.export refuses {name}: {reason}") from error
        if path.suffix == PT2:
            torch.export.save(program, path)
        else:
            torch.onnx.export(program, (), str(path), verbose=False)


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Without MLflow's progress bars of a few small files."""
    from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR as BARS

    before = os.environ.get(BARS.name)
    os.environ[BARS.name] = "false"
    try:
        yield
    finally:
        os.environ.pop(BARS.name)
        if before is not None:
            os.environ[BARS.name] = before


def log_model(served: Served, run_id: str) -> None:
    """Log a module to the current MLflow experiment so that `mlflow models serve` answers.

    Inputs with names are in the model's signature under these.
    """
    import mlflow

    requirements = [f"torch=={torch.__version__.partition('+')[0]}", f"mlflow=={mlflow.__version__}"]
    common: dict[str, Any] = {"name": "model", "run_id": run_id, "pip_requirements": requirements}
    positional, named = inputs_of(served)
    if not named:
        import mlflow.pytorch

        module = served.module.cpu().eval()
        mlflow.pytorch.log_model(module, input_example=positional[0].numpy(), **common)
        return
    import mlflow.pyfunc
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    def spec(tensor: torch.Tensor, name: str | None = None) -> TensorSpec:
        return TensorSpec(tensor.numpy().dtype, (-1, *tensor.shape[1:]), name)

    with tempfile.TemporaryDirectory() as folder, _no_bars():
        file = Path(folder, f"module{PT2}")
        write(served, file)
        with torch.no_grad():
            answer = served.module(**named)
        answers = answer if isinstance(answer, Mapping) else {None: answer}
        inputs, outputs = (
            Schema([spec(tensor, name) for name, tensor in each.items()]) for each in (named, answers)
        )
        # What `mlflow.pyfunc.log_model` calls, which takes no run.
        Model.log(
            artifact_path=None,
            flavor=mlflow.pyfunc,
            python_model=str(Path(__file__).with_name("serving.py")),
            artifacts={"module": str(file)},
            signature=ModelSignature(inputs, outputs),
            input_example={name: tensor.numpy() for name, tensor in named.items()},
            **common,
        )
