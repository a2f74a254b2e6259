"""What `mlflow models serve` runs: an exported module, without the framework.

MLflow copies this file into the logged model and executes it there.
"""

from __future__ import annotations

from typing import Any

import mlflow
import numpy as np
import torch


class Exported(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
    """Answers batches of named inputs."""

    _skip_type_hint_validation = True  # the model has a signature: MLflow need not advise types

    def load_context(self, context: Any) -> None:
        self.module = torch.export.load(context.artifacts["module"]).module()

    # Without types: MLflow would read a schema from them, and the model has a signature.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Answer inputs by name, arrays of a batch each."""
        inputs = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in model_input.items()}
        with torch.no_grad():
            answer = self.module(**inputs)
        if isinstance(answer, dict):
            return {name: tensor.numpy() for name, tensor in answer.items()}
        return answer.numpy()


mlflow.models.set_model(Exported())
