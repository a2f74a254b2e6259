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
        int,
        Param("width and height of pictures; the scenes do not depend on it", unit="pixels", ge=8, le=1024),
    ] = 16
    images: Annotated[int, Param("number of different training pictures", ge=1)] = 20_000
    streaming: Annotated[
        bool,
        Param("draw training pictures when they are needed, so that there may be any number of `images`"),
    ] = False
    validation: Annotated[
        int, Param("number of validation pictures, and of pictures in the held-out split", ge=1)
    ] = 2_000
    held_out: Annotated[
        tuple[str, ...],
        Param("combinations of colour and shape kept out of train and validation, such as `red cross`"),
    ] = ("purple circle", "cyan square", "yellow triangle", "red cross")
    one_object: Annotated[
        float, Param("share of pictures with one object; the others have two", ge=0, le=1)
    ] = 0.5
    sized: Annotated[
        float, Param("probability that a caption states the size of an object it mentions", ge=0, le=1)
    ] = 0.7
    caption_noise: Annotated[
        float, Param("share of training pictures with the caption of another picture", ge=0, le=1)
    ] = 0.15
    backgrounds: Annotated[
        tuple[Background, ...],
        Param("kinds of background to choose from; one listed twice is twice as likely"),
    ] = ("light", "dark")
    seed: Annotated[int, Param("seed of the scenes and captions; default: the experiment's", ge=0)] = 0

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
            "the data: a folder with metadata.csv or metadata.jsonl, with pictures and .txt files, or with "
            "class folders; a parquet file, a WebDataset tar file, or a folder of such; or a metadata file"
        ),
    ]
    size: Annotated[
        int,
        Param(
            "width and height that the central square of each picture is resized to",
            unit="pixels",
            ge=8,
            le=1024,
        ),
    ] = 32
    caption: Annotated[
        str | None, Param("name of the caption column; default: the first of caption, text, prompt, label")
    ] = None
    image: Annotated[
        str | None, Param("name of the picture column in parquet; default: the first that holds bytes")
    ] = None
    template: Annotated[
        str, Param("caption of pictures in class folders or with labels; {} is replaced by the class name")
    ] = "a photo of a {}"
    validation: Annotated[
        float, Param("share of pictures kept for validation, the same for every seed", ge=0, lt=1)
    ] = 0.05
    validation_path: Annotated[
        Path | None, Param("validation data laid out like `path`, used instead of a share of it")
    ] = None
    streaming: Annotated[
        bool,
        Param("decode pictures when they are needed; otherwise decode them once and cache them resized"),
    ] = False
    bad_images: Annotated[
        Literal["skip", "refuse"],
        Param("skip unusable pictures and report them, or refuse to start"),
    ] = "skip"
    first_frame: Annotated[bool, Param("use the first frame of animations, which are otherwise unusable")] = (
        False
    )
    max_pixels: Annotated[
        int,
        Param("maximum size of a usable picture: width times height", unit="pixels", ge=1, le=170_000_000),
    ] = 64_000_000
    limit: Annotated[
        int | None, Param("maximum number of pictures to use, the first ones", unit="pictures", ge=1)
    ] = None

    def __post_init__(self) -> None:
        if "{}" not in self.template:
            raise ValueError(f"template {self.template!r} has no {{}} for the name of the class")
