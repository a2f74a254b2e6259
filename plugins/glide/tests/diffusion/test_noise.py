from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from framework_glide.diffusion.noise import ImageNoise, RecordedNoise

seeds = st.lists(st.integers(-(2**70), 2**70), min_size=1, max_size=5)


def drawn(noise: ImageNoise, draws: int = 3) -> torch.Tensor:
    return torch.stack([noise.draw((len(noise), 3, 4, 4)) for _ in range(draws)], dim=1)


@settings(deadline=None)
@given(seeds, st.randoms())
def test_a_picture_depends_on_its_seed_alone(values: list[int], random) -> None:
    together = drawn(ImageNoise(values))
    order = random.sample(range(len(values)), len(values))
    assert torch.equal(drawn(ImageNoise([values[i] for i in order])), together[order])
    for value, rows in zip(values, together, strict=True):
        assert torch.equal(drawn(ImageNoise([value])), rows[None])


def test_the_global_generator_is_neither_read_nor_moved() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = drawn(ImageNoise([1, 2]))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    assert torch.equal(drawn(ImageNoise([1, 2])), first)


def test_noise_is_standard_normal_and_fresh() -> None:
    noise = ImageNoise(range(64))
    one, other = (noise.draw((64, 3, 16, 16)) for _ in range(2))
    assert one.dtype == torch.float32
    count = one.numel()
    assert abs(float(one.mean())) < 5 / count**0.5
    assert abs(float(one.var()) - 1) < 5 * (2 / count) ** 0.5
    between = [(one * other).mean(), (one[1:] * one[:-1]).mean()]
    assert max(abs(float(value)) for value in between) < 5 / count**0.5


def test_rows_go_on_where_the_batch_is() -> None:
    whole, parted = ImageNoise(range(4)), ImageNoise(range(4))
    assert torch.equal(drawn(parted, 1), drawn(whole, 1))
    expected = drawn(whole)
    assert torch.equal(drawn(parted.rows(slice(1, 3))), expected[1:3])
    assert torch.equal(drawn(parted.rows([3, 0])), expected[[3, 0]])


def test_noise_goes_on_after_an_interruption() -> None:
    noise, later = ImageNoise([7, 8]), ImageNoise([0, 0])
    drawn(noise)
    later.load_state_dict(noise.state_dict())
    assert torch.equal(drawn(later), drawn(noise))


def test_a_wrong_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="3 pictures asked of 2 seeds"):
        ImageNoise([1, 2]).draw((3, 3, 4, 4))


def test_a_recording_is_played_once() -> None:
    record = torch.randn(2, 1, 3, 4, 4)
    noise = RecordedNoise(record)
    assert all(torch.equal(noise.draw((1, 3, 4, 4)), expected) for expected in record)
    with pytest.raises(ValueError, match="nothing is left"):
        noise.draw((1, 3, 4, 4))
    with pytest.raises(ValueError, match=r"the next has \(1, 3, 4, 4\)"):
        RecordedNoise(record).draw((2, 3, 4, 4))
