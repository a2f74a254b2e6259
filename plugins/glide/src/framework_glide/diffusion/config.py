"""How pictures are sampled: parameters of evaluators and of `framework play`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args

from framework import Param
from framework.errors import UserError
from framework_glide.diffusion.respacing import parse

SamplerName: TypeAlias = Literal[
    "ddpm", "ddim", "plms", "dpm_solver", "dpm_solver_sde", "unipc", "euler", "euler_ancestral"
]
Variance: TypeAlias = Literal["learned", "posterior"]


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """A sampler, its steps and its guidance; the defaults are the paper's classifier-free guidance."""

    sampler: Annotated[SamplerName, Param("sampling method")] = "ddpm"
    steps: Annotated[
        int | str,
        Param("number of sampling steps, `fast27`, `ddim50`, or steps per equal part: `10,10,3,2,2`"),
    ] = 100
    eta: Annotated[
        float, Param("DDIM's eta: 0 adds no noise, 1 as much as DDPM (Song et al. 2021, eq. 16)", ge=0, le=1)
    ] = 0.0
    variance: Annotated[
        Variance,
        Param(
            "variance of DDPM's steps: learned by the network, as in the paper; or the posterior's, less "
            "grainy with few steps when the network had too little training to learn it"
        ),
    ] = "learned"
    temperature: Annotated[
        float,
        Param("factor of the noise that sampling begins with; the released upsampler's is 0.997", gt=0),
    ] = 1.0
    scale: Annotated[float, Param("classifier-free guidance scale; 1: no guidance (section 2.3)", ge=0)] = 3.0
    clip_scale: Annotated[float, Param("CLIP guidance scale; 0: no guidance (section 2.4)", ge=0)] = 0.0
    interval: Annotated[
        tuple[float, float],
        Param("range of noise levels with guidance, from 0 (cleanest) to 1 (noisiest)", ge=0, le=1),
    ] = (0.0, 1.0)
    rescale: Annotated[
        float,
        Param(
            "strength of guidance rescaling, against oversaturation (Lin et al. 2023); 0: none", ge=0, le=1
        ),
    ] = 0.0
    negative_prompt: Annotated[
        str, Param("caption that guidance leads away from; default: the empty caption")
    ] = ""
    batch_size: Annotated[int, Param("number of pictures sampled at once", unit="pictures", ge=1)] = 32

    def __post_init__(self) -> None:
        parse(self.respacing)
        if self.variance not in get_args(Variance):
            raise UserError(f"variance: {self.variance!r} is not one of {', '.join(get_args(Variance))}")
        low, high = self.interval
        if low > high:
            raise UserError(
                f"interval: ({low:g}, {high:g}) begins above its end\n"
                "  give the cleaner end first, such as [0.2, 0.8]"
            )
        if self.eta and self.sampler != "ddim":
            raise UserError(
                f"eta: {self.eta:g} has no meaning for the sampler {self.sampler!r}\n"
                "  only ddim has this parameter: set sampler to ddim, or leave eta out"
            )

    @property
    def respacing(self) -> str:
        """`steps` as `Diffusion.respaced` takes it."""
        return str(self.steps)
