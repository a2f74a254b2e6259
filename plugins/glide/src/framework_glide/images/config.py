"""Parameters of the environments: captioned shapes, and captioned images of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from framework import Param
from framework_glide.images.vocabulary import COLOURS, SHAPES

Background: TypeAlias = Literal["light", "dark"]


@dataclass(frozen=True, kw_only=True)
class ShapesConfig:
    """Parameters of drawn shapes with captions."""

    size: Annotated[
        int, Param("width and height; the scenes do not depend on it", unit="pixels", ge=8, le=1024)
    ] = 16
    images: Annotated[int, Param("pictures to train on", ge=1)] = 20_000
    validation: Annotated[
        int, Param("pictures to validate on, and pictures of what is held out likewise", ge=1)
    ] = 2_000
    held_out: Annotated[
        tuple[str, ...],
        Param("combinations of colour and shape that neither train nor validation shows, as `red cross`"),
    ] = ("purple circle", "cyan square", "yellow triangle", "red cross")
    one_object: Annotated[
        float, Param("share of pictures with one object; the others have two", ge=0, le=1)
    ] = 0.5
    sized: Annotated[
        float, Param("probability that a caption tells the size of an object it speaks of", ge=0, le=1)
    ] = 0.7
    caption_noise: Annotated[
        float, Param("share of training pictures whose caption belongs to another picture", ge=0, le=1)
    ] = 0.15
    backgrounds: Annotated[
        tuple[Background, ...], Param("kinds of background; one named twice comes twice as often")
    ] = ("light", "dark")
    seed: Annotated[int, Param("of the scenes and of the wording", ge=0)] = 0

    def __post_init__(self) -> None:
        if not self.backgrounds:
            raise ValueError("pictures need at least one of `backgrounds`")
        known = {f"{colour} {shape}" for colour in COLOURS for shape in SHAPES}
        for name in self.held_out:
            if name not in known:
                raise ValueError(
                    f"held_out: {name!r} is not a colour and a shape; "
                    f"colours: {', '.join(COLOURS)}; shapes: {', '.join(SHAPES)}"
                )
        if known <= set(self.held_out):
            raise ValueError("held_out holds out every colour of every shape; leave some to train on")


@dataclass(frozen=True, kw_only=True)
class ImagesConfig:
    """Parameters of captioned images of one's own."""

    path: Annotated[
        Path,
        Param(
            "folder with metadata.csv or metadata.jsonl, of pictures and .txt files, of class folders, or "
            "parquet: a file or a folder of them; or the metadata file"
        ),
    ]
    size: Annotated[
        int,
        Param("width and height; the middle square, averaged over areas", unit="pixels", ge=8, le=1024),
    ] = 32
    caption: Annotated[
        str | None, Param("column of the captions; none: caption, text, prompt or label, as there is")
    ] = None
    image: Annotated[
        str | None, Param("column of the pictures in parquet; none: the first that holds bytes")
    ] = None
    template: Annotated[
        str, Param("makes a caption of a class's name, which stands for {}; for class folders and labels")
    ] = "a photo of a {}"
    validation: Annotated[
        float, Param("share kept for validation, the same pictures for every seed", ge=0, lt=1)
    ] = 0.05
    validation_path: Annotated[
        Path | None, Param("pictures to validate on instead, laid out like those at `path`")
    ] = None
    streaming: Annotated[
        bool,
        Param(
            "decode pictures as they are needed; otherwise they are decoded once and kept, reduced, on disk"
        ),
    ] = False
    bad_images: Annotated[
        Literal["skip", "refuse"],
        Param("go on without what cannot be used, naming it, or refuse to begin"),
    ] = "skip"
    first_frame: Annotated[
        bool, Param("take the first frame of animations, which cannot be used otherwise")
    ] = False
    max_pixels: Annotated[
        int, Param("larger pictures cannot be used", unit="pixels", ge=1, le=170_000_000)
    ] = 64_000_000
    limit: Annotated[int | None, Param("take the first ones only", unit="pictures", ge=1)] = None

    def __post_init__(self) -> None:
        if "{}" not in self.template:
            raise ValueError(f"template {self.template!r} has no {{}} for the name of the class")
