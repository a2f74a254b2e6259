from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import UserError
from framework_glide.diffusion.process import Diffusion
from framework_glide.diffusion.respacing import timesteps


@st.composite
def parts(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A process and as many steps for each of its equal parts as that has, or fewer."""
    count = draw(st.integers(1, 8))
    steps = draw(st.integers(count, 1200))
    size, longer = divmod(steps, count)
    return steps, [draw(st.integers(1, size + (part < longer))) for part in range(count)]


@settings(deadline=None)
@given(parts())
def test_each_part_gets_its_steps_spread_from_end_to_end(case: tuple[int, list[int]]) -> None:
    steps, counts = case
    chosen = timesteps(steps, ",".join(map(str, counts)))
    assert len(chosen) == sum(counts)
    assert chosen == sorted(set(chosen))
    size, longer = divmod(steps, len(counts))
    start = 0
    for part, count in enumerate(counts):
        end = start + size + (part < longer)
        here = [step for step in chosen if start <= step < end]
        assert len(here) == count
        assert here[0] == start
        if count > 1:
            assert here[-1] == end - 1
            gaps = [after - before for before, after in itertools.pairwise(here)]
            assert max(gaps) - min(gaps) <= 2
        start = end


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_strides_begin_at_zero(count: int, stride: int) -> None:
    assert timesteps(count * stride, f"ddim{count}") == list(range(0, count * stride, stride))


def test_fast27_is_the_segments_with_the_noisiest_one_earlier() -> None:
    segments, fast = timesteps(1000, "10,10,3,2,2"), timesteps(1000, "fast27")
    assert (segments[:-1], segments[-1], fast[-1]) == (fast[:-1], 999, 997)


@pytest.mark.parametrize(
    "text", ["0", "-3", "3.5", "10,,2", "10,0", "fast28", "ddim", "ddim0", "ddim5,5", "ten", ","]
)
def test_malformed_strings_are_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(UserError, match=r"steps: '.*\n  give a number of steps"):
        timesteps(1000, text)


def test_more_steps_than_there_are() -> None:
    with pytest.raises(UserError, match=r"201 timesteps out of 200 \(part 2 of 5 of a process of 1000\)"):
        timesteps(1000, "10,201,3,2,2")
    with pytest.raises(UserError, match=r"exactly 999 .*\n  write 999 instead of ddim999"):
        timesteps(1000, "ddim999")


def test_respacing_starts_from_the_original_process_again() -> None:
    short = Diffusion("linear", 1000, "50")
    assert short.respaced("fast27").timesteps == timesteps(1000, "fast27")
    assert short.respaced("").timesteps == list(range(1000))


def test_a_respaced_level_has_the_noise_of_its_original_timestep() -> None:
    whole, short = Diffusion(), Diffusion(respacing="fast27")
    assert short.alphas_cumprod == pytest.approx(whole.alphas_cumprod[short.timesteps], rel=1e-9)
