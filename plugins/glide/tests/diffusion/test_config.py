from __future__ import annotations

import subprocess
import sys

import pytest

from framework.component import describe_dataclass
from framework.errors import UserError
from framework_glide.diffusion.config import SamplerName, SamplingConfig
from framework_glide.diffusion.process import Diffusion
from framework_glide.diffusion.samplers import SAMPLERS, sampler_of


def test_every_sampler_has_its_name_in_the_parameters() -> None:
    assert set(SamplerName.__args__) == set(SAMPLERS)


def test_steps_are_a_number_or_a_string() -> None:
    assert SamplingConfig(steps=27).respacing == "27"
    assert SamplingConfig(steps="fast27").respacing == "fast27"


def test_parameters_are_described() -> None:
    assert all(parameter.param.doc for parameter in describe_dataclass(SamplingConfig).values())


def test_parameters_need_no_torch() -> None:
    code = (
        "import sys, framework_glide.diffusion.config as c; c.SamplingConfig();"
        "sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": "fast"}, "steps: 'fast' is no choice of timesteps\n  give"),
        ({"steps": 0}, "steps: '0' is no choice of timesteps\n  give"),
        ({"interval": (0.8, 0.2)}, "interval: (0.8, 0.2) begins above its end\n  give"),
        ({"eta": 0.5}, "eta: 0.5 has no meaning for the sampler 'ddpm'\n  only ddim"),
    ],
)
def test_settings_that_contradict(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        SamplingConfig(**settings)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: sampler_of("ddmp"),
            "sampler: 'ddmp' is not known; did you mean 'ddpm'?\n  known: ddpm, ddim",
        ),
        (lambda: sampler_of("ddim", 1.5), "eta: 1.5 is out of range\n  give 0"),
        (lambda: Diffusion("cosine"), "schedule: 'cosine' is not known; see the known ones\n  known: linear"),
        (lambda: Diffusion("liner"), "schedule: 'liner' is not known; did you mean 'linear'?\n  known: "),
        (lambda: Diffusion("linear", 0), "steps: a diffusion of 0 timesteps does nothing\n  give"),
        (lambda: Diffusion("linear", 20), "steps: 20 of them are too few for 'linear'"),
    ],
)
def test_what_cannot_be_made(make, message: str) -> None:
    with pytest.raises(UserError) as caught:
        make()
    assert str(caught.value).startswith(message)
