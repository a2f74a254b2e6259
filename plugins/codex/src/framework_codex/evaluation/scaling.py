"""Held-out loss against model size (section 3.2, figure 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework_codex.evaluation.config import ScalingConfig
from framework_codex.evaluation.figures import scaling_figure
from framework_codex.evaluation.held_out import held_out_loss, held_out_texts
from framework_codex.evaluation.power_law import fit_power_law, fit_with_floor

if TYPE_CHECKING:
    from framework_codex.gpt.model import GPT


class Scaling:
    """Measures the loss of trained models of several sizes and fits a power law.

    The paper finds (N / 5.92e7) ** -0.13 for N parameters outside of the embeddings.

    Args:
        config: the parameters.
    """

    def __init__(self, config: ScalingConfig) -> None:
        if len(config.models) < 3:
            raise UserError(
                f"codex/scaling fits a line through at least three models, not {len(config.models)}"
            )
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        from framework_codex.gpt.builder import load

        texts = held_out_texts(environment, self.config.limit)
        rows, tokenizers = [], set()
        for path in self.config.models:
            model = load(path).eval()
            tokenizers.add(model.tokenizer.to_json())
            found = held_out_loss(model, texts, self.config.batch_size)
            shape = f"{model.config.layers} x {model.config.width}"
            rows.append((non_embedding_parameters(model), shape, found.per_token, found.per_byte))
        rows.sort(key=lambda row: row[0])
        sizes = np.array([row[0] for row in rows], dtype=np.float64)
        if len(set(sizes)) < 3:
            raise UserError("models: codex/scaling needs models of at least three different sizes")
        loss = np.array([row[2] for row in rows])
        law = fit_power_law(sizes, loss)
        report = Report({"alpha": law.alpha, "scale": law.scale, "r2": law.r2})
        report.metrics["alpha_per_byte"] = fit_power_law(sizes, [row[3] for row in rows]).alpha
        curve = np.geomspace(sizes[0], sizes[-1], 100)
        fits = {f"(N / {law.scale:.3g}) ^ -{law.alpha:.3f}": (curve, law(curve))}
        if len(set(sizes)) >= 5:
            floored = fit_with_floor(sizes, loss)
            report.metrics |= {"floor": floored.floor, "floor_alpha": floored.alpha, "floor_r2": floored.r2}
            label = f"{floored.floor:.3g} + (N / {floored.scale:.3g}) ^ -{floored.alpha:.3f}"
            fits[label] = (curve, floored(curve))
        if len(tokenizers) > 1:
            report.notes.append("The models have different tokenizers: compare their loss per byte.")
        report.tables["loss by size"] = Table(
            ["parameters", "layers x width", "nats per token", "nats per byte", "fitted per token"],
            [[*row, float(law(row[0]))] for row in rows],
            caption="Parameters without embeddings. The paper: (N / 5.92e7) ^ -0.13.",
        )
        report.figures["loss by size"] = scaling_figure(sizes, loss, fits)
        return report


def non_embedding_parameters(model: GPT) -> int:
    """Parameters but for those of the embedding and of the prediction of tokens from it."""
    outside = {id(model.embedding.weight), id(model.head.weight)}
    return sum(value.numel() for value in model.parameters() if id(value) not in outside)
