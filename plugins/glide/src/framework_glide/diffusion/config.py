"""How pictures are sampled: parameters of evaluators and of `framework play`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args

from framework import Param
from framework.errors import UserError
from framework_glide.diffusion.respacing import parse

SamplerName: TypeAlias = Literal["ddpm", "ddim", "plms", "dpm_solver", "dpm_solver_sde"]
Variance: TypeAlias = Literal["learned", "posterior"]


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """A sampler, its steps and its guidance; the defaults are the paper's classifier-free guidance."""

    sampler: Annotated[SamplerName, Param("what turns noise into a picture")] = "ddpm"
    steps: Annotated[
        int | str, Param("a number of steps, `fast27`, `ddim50`, or steps per equal part: `10,10,3,2,2`")
    ] = 100
    eta: Annotated[
        float, Param("noise of ddim: 0 none, 1 as much as ddpm (Song et al. 2021, eq. 16)", ge=0, le=1)
    ] = 0.0
    variance: Annotated[
        Variance,
        Param(
            "of ddpm's steps: as the network learned it, as in the paper; or the posterior's, without grain "
            "where few steps are taken and the network had too little training to learn it"
        ),
    ] = "learned"
    scale: Annotated[float, Param("classifier-free guidance; 1 for none (section 2.3)", ge=0)] = 3.0
    clip_scale: Annotated[float, Param("CLIP guidance; 0 for none (section 2.4)", ge=0)] = 0.0
    interval: Annotated[
        tuple[float, float],
        Param("guidance is on between these shares of the noise levels: 0 cleanest, 1 noisiest", ge=0, le=1),
    ] = (0.0, 1.0)
    rescale: Annotated[
        float,
        Param("how far guided predictions get the spread of unguided ones (Lin et al. 2023)", ge=0, le=1),
    ] = 0.0
    negative_prompt: Annotated[str, Param("what guidance leads away from; empty for the empty caption")] = ""
    batch_size: Annotated[int, Param("pictures sampled at once", unit="pictures", ge=1)] = 32

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
