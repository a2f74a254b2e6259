"""What evaluators of pictures work with: a model, real rows, seeds, a judge, a CLIP, a store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from framework.errors import UserError
from framework_glide.clip.model import NoisedCLIP
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation.config import MeasureConfig
from framework_glide.evaluation.judge.loading import load as load_judge
from framework_glide.evaluation.judge.model import Judge
from framework_glide.evaluation.rows import Rows, rows_of
from framework_glide.evaluation.sample_store import Pictures, SampleStore, picture_key
from framework_glide.generation import Known, generate
from framework_glide.text_to_image import TextToImage, text_to_image_of
from framework_glide.training.batch import to_tensor

#: Pictures that a CLIP sees at once.
BATCH = 256

#: Real pictures without which there are no distances: each has a third neighbour.
FEWEST = 4

#: How to get one.
JUDGE = "  train one (model glide/judge, algorithm glide/judging) and give judge: ${checkpoint:<stage>}"


@dataclass(frozen=True)
class Bench:
    """Samples pictures for captions of real rows.

    Attributes:
        model: what samples them.
        real: rows to compare with.
        rows: `(n,)` rows whose captions are sampled; the real ones, over again if there are too few.
        seeds: `(n,)`, of each picture's noise, whatever the setting.
        judge: None if there is none.
        clip: None if there is none.
        folder: where pictures are kept; None for nowhere.
    """

    model: TextToImage
    real: Rows
    rows: Rows
    seeds: tuple[int, ...]
    judge: Judge | None
    clip: NoisedCLIP | None
    folder: Path | None

    def sample(
        self,
        sampling: SamplingConfig,
        *,
        model: TextToImage | None = None,
        known: Known | None = None,
        low_res: Pictures | None = None,
    ) -> Pictures:
        """A picture of each row, `(n, h, w, 3)`: kept ones, and what is missing.

        Args:
            sampling: how.
            model: another one than the bench's.
            known: what of them is given.
            low_res: what an upsampler enlarges.
        """
        model = model or self.model
        identity: dict[str, Any] = {"model": model.fingerprint(), "sampling": _identity_of(sampling)}
        if sampling.clip_scale and self.clip is not None:
            identity["clip"] = fingerprint(self.clip)
        given = [] if known is None else [known.images, known.masks]
        given += [] if low_res is None else [low_res]
        keys = [
            picture_key(caption, seed, *(array[i] for array in given))
            for i, (caption, seed) in enumerate(zip(self.rows.captions, self.seeds, strict=True))
        ]

        def make(chosen: list[int]) -> Pictures:
            return generate(
                model,
                [self.rows.captions[i] for i in chosen],
                sampling,
                seeds=[self.seeds[i] for i in chosen],
                clip=self.clip,
                inpaint=None if known is None else Known(known.images[chosen], known.masks[chosen]),
                low_res=None if low_res is None else low_res[chosen],
            )

        with torch.no_grad():
            return SampleStore(self.folder, identity).pictures(keys, make, sampling.batch_size)

    def similarity(self, pictures: Pictures, clip: NoisedCLIP) -> NDArray[np.float64]:
        """Cosine `(n,)` of each clean picture and its caption, by a CLIP."""
        captions = self.rows.captions

        def cosine(images: torch.Tensor, start: int) -> torch.Tensor:
            return clip.similarity(images, _clean(images), captions[start : start + BATCH])

        return _by_parts(pictures, clip, cosine).astype(np.float64)

    @property
    def has_features(self) -> bool:
        """Whether there is something to take distances between, and enough of it."""
        return (self.judge is not None or self.clip is not None) and len(self.real) >= FEWEST

    def features(self, pictures: Pictures) -> NDArray[np.float32]:
        """What distances are taken between, `(n, d)`: the judge's features, or else the CLIP's embeddings.

        A CLIP's are of clean pictures and of length 1; where it also guides, it judges itself.
        """
        if self.judge is not None:
            return self.judge.features(pictures)
        assert self.clip is not None, "nothing to take distances between"
        clip = self.clip
        return _by_parts(pictures, clip, lambda images, _: clip.encode_image(images, _clean(images)))

    def require_judge(self, name: str) -> Judge:
        """The judge.

        Raises:
            UserError: there is none.
        """
        if self.judge is None:
            raise UserError(f"{name} needs a judge\n{JUDGE}")
        return self.judge

    def require_features(self, name: str) -> None:
        """Make sure that there are features.

        Raises:
            UserError: there is neither judge nor CLIP.
        """
        if len(self.real) < FEWEST:
            raise UserError(
                f"{name} needs at least {FEWEST} real pictures, and there are {len(self.real)}\n"
                "  have the environment keep more for validation"
            )
        if not self.has_features:
            raise UserError(
                f"{name} needs a judge, or a CLIP: Fréchet distance, precision and recall are distances "
                f"between features\n{JUDGE}\n"
                "  or a CLIP (glide/noised_clip, glide/contrastive), for captions without attributes, as clip"
            )


def bench(config: MeasureConfig, folder: Path | None, algorithm: Any, environment: Any) -> Bench:
    """Set up what an evaluator of pictures needs.

    Raises:
        UserError: the algorithm makes no pictures, the environment has none, or a checkpoint is
            something else.
    """
    model = text_to_image_of(algorithm)
    real = rows_of(environment, config.split, config.reference)
    judge = None if config.judge is None else load_judge(config.judge).to(model.device)
    if judge is not None and real.attributes:
        _check_fits(judge, real)
    return Bench(
        model=model,
        real=real,
        rows=real.take(np.arange(config.samples) % len(real)),
        seeds=seeds_of(config.seed, config.samples),
        judge=judge,
        clip=None if config.clip is None else load_clip(config.clip).to(model.device),
        folder=folder,
    )


def load_clip(path: Path) -> NoisedCLIP:
    """A trained noised CLIP."""
    from framework_glide.clip.loading import load

    return load(path)


def seeds_of(seed: int, count: int) -> tuple[int, ...]:
    """Seeds of so many pictures: of fewer, the first ones."""
    # The words of a longer state begin with those of a shorter one.
    words = np.random.SeedSequence([seed, *b"pictures"]).generate_state(count, np.uint64)
    return tuple((words >> np.uint64(1)).tolist())


def fingerprint(module: nn.Module) -> str:
    """Of a module's whole state."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:32]


def _by_parts(
    pictures: Pictures, clip: NoisedCLIP, of: Callable[[torch.Tensor, int], torch.Tensor]
) -> NDArray[np.float32]:
    """What a CLIP says of pictures, some at a time; `of` is also told the number of the first."""
    device, found = clip.log_scale.device, []
    with torch.no_grad():
        for start in range(0, len(pictures), BATCH):
            images = to_tensor(pictures[start : start + BATCH]).to(device)
            found.append(of(images, start).float().cpu().numpy())
    return np.concatenate(found)


def _clean(images: torch.Tensor) -> torch.Tensor:
    """The timesteps of images without noise."""
    return torch.zeros(len(images), device=images.device)


def _identity_of(sampling: SamplingConfig) -> dict[str, Any]:
    """What of the sampling pictures depend on, however it is written."""
    found = {
        name: float(value) if isinstance(value, int) else value for name, value in asdict(sampling).items()
    }
    # A picture does not depend on those beside it.
    del found["batch_size"]
    return found | {"steps": sampling.respacing, "interval": [float(end) for end in sampling.interval]}


def _check_fits(judge: Judge, real: Rows) -> None:
    lacking = [name for name in judge.attribute_names if name not in real.attributes]
    unread = [name for name in real.attributes if name not in judge.attribute_names]
    if lacking or unread:
        raise UserError(
            f"the judge reads {', '.join(judge.attribute_names)}, and the environment's pictures have "
            f"{', '.join(real.attributes)}\n  give a judge that was trained on such an environment"
        )
