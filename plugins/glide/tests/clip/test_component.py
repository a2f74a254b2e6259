from __future__ import annotations

from framework.testing import check_algorithm, check_evaluator, check_model

SHAPES = {"use": "glide/captioned_shapes", "size": 8, "images": 64, "validation": 32}
CLIP = {
    "use": "glide/noised_clip",
    "embedding": 32,
    "text_layers": 1,
    "image_width": 32,
    "image_layers": 1,
    "vocab_size": 300,
}
CONTRASTIVE = {"use": "glide/contrastive", "images": 200, "batch_size": 16, "ema": [0.9]}


def test_the_model_conforms() -> None:
    check_model(CLIP, environment=SHAPES)


def test_a_resumed_training_equals_an_uninterrupted_one() -> None:
    check_algorithm(CONTRASTIVE, environment=SHAPES, model=CLIP)


def test_the_evaluator_conforms() -> None:
    evaluator = {"use": "glide/clip_accuracy", "candidates": 16, "timesteps": [0, 999], "every": 32}
    check_evaluator(evaluator, algorithm=CONTRASTIVE, environment=SHAPES, model=CLIP)
