"""Settings of sampling that are compared, by names that are short enough for a metric."""

from __future__ import annotations

import typing
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from framework.errors import UserError
from framework_glide.diffusion.config import SamplerName, SamplingConfig

Family: TypeAlias = Literal["none", "cfg", "clip"]

FAMILIES: dict[Family, str] = {
    "none": "no guidance",
    "cfg": "classifier-free guidance",
    "clip": "CLIP guidance",
}


@dataclass(frozen=True)
class Setting:
    """A way to sample.

    Attributes:
        name: `cfg_3`, `ddim_27`.
        sampling: what it stands for.
    """

    name: str
    sampling: SamplingConfig

    @property
    def family(self) -> Family:
        """Which guidance it uses."""
        if self.sampling.clip_scale:
            return "clip"
        return "none" if self.sampling.scale == 1 else "cfg"

    @property
    def scale(self) -> float:
        """Of its guidance."""
        return self.sampling.clip_scale if self.family == "clip" else self.sampling.scale

    @property
    def title(self) -> str:
        """For people: `classifier-free guidance, scale 3`."""
        title = FAMILIES[self.family]
        return title if self.family == "none" else f"{title}, scale {self.scale:g}"


def setting_of(name: str, base: SamplingConfig) -> Setting:
    """`none`, `cfg_<scale>` or `clip_<scale>`, everything else as in `base`.

    Raises:
        UserError: it is none of these.
    """
    family, _, scale = name.partition("_")
    try:
        if name == "none":
            return Setting(name, replace(base, scale=1.0, clip_scale=0.0))
        if family == "cfg":
            return Setting(name, replace(base, scale=float(scale), clip_scale=0.0))
        if family == "clip":
            return Setting(name, replace(base, scale=1.0, clip_scale=float(scale)))
    except ValueError:
        pass
    raise UserError(f"settings: {name!r} is not `none`, `cfg_<scale>` or `clip_<scale>`, such as cfg_3")


def step_setting_of(name: str, base: SamplingConfig) -> Setting:
    """`<sampler>:<steps>`, everything else as in `base`.

    Raises:
        UserError: there is no such sampler, or no such respacing.
    """
    sampler, colon, steps = name.partition(":")
    known = typing.get_args(SamplerName)
    if not colon or sampler not in known:
        raise UserError(
            f"settings: {name!r} is not `<sampler>:<steps>`, such as ddim:27\n  samplers: {', '.join(known)}"
        )
    eta = base.eta if sampler == "ddim" else 0.0
    chosen = replace(base, sampler=typing.cast(SamplerName, sampler), steps=steps, eta=eta)
    return Setting(f"{sampler}_{steps.replace(',', '-')}", chosen)
