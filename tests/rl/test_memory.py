from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.rl.memory import Memory


def step_by_step(memory, x, state, is_first):
    """The same by torch's own module, one step of one row at a time."""
    outs, afters = torch.empty(*x.shape[:-1], memory.features), []
    for row in range(x.shape[1]):
        held = memory._unpack(state[row : row + 1])
        for t in range(len(x)):
            if is_first[t, row]:
                held = memory._unpack(torch.zeros(1, memory.state_size))
            out, held = memory.net(x[t : t + 1, row : row + 1], held)
            outs[t, row] = out[0, 0]
        afters.append(memory._pack(held)[0])
    return outs, torch.stack(afters)


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(["lstm", "gru"]),
    st.integers(1, 2),
    st.integers(1, 7),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.2, 0.7, 1.0]),
    st.integers(0, 10_000),
)
def test_sequences_with_resets_are_what_steps_are(kind, layers, steps, rows, often, seed):
    torch.manual_seed(seed)
    memory = Memory(3, 5, kind, layers)
    x, state = torch.randn(steps, rows, 3), torch.randn(rows, memory.state_size)
    is_first = torch.rand(steps, rows) < often
    weight = torch.randn(steps, rows, 5)
    found, gradients = [], []
    for way in (memory, lambda *given: step_by_step(memory, *given)):
        memory.zero_grad()
        y, after = way(x, state, is_first)
        ((y * weight).sum() + after.sum()).backward()
        found.append((y, after))
        gradients.append([each.grad.clone() for each in memory.parameters()])
    torch.testing.assert_close(found[0], found[1])
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("often", "most"), [(0.0, 1), (0.02, 6), (0.3, 6), (1.0, 1)])
def test_calls_are_few_and_take_every_step_once(often, most):
    torch.manual_seed(0)
    memory, taken = Memory(3, 5), []
    memory.net.register_forward_hook(lambda net, given, out: taken.append(given[0].shape[:2]))
    memory(torch.randn(50, 4, 3), None, torch.rand(50, 4) < often)
    assert len(taken) <= most
    assert sum(steps * rows for steps, rows in taken) == 200


def test_rows_may_have_any_number_of_axes():
    torch.manual_seed(0)
    memory = Memory(3, 5, "gru")
    x, state, is_first = torch.randn(6, 2, 4, 3), torch.randn(2, 4, 5), torch.rand(6, 2, 4) < 0.3
    y, after = memory(x, state, is_first)
    flat = memory(x.flatten(1, 2), state.flatten(0, 1), is_first.flatten(1, 2))
    torch.testing.assert_close((y.flatten(1, 2), after.flatten(0, 1)), flat)


def test_a_reset_forgets_numbers_that_are_none():
    y, after = Memory(3, 5)(
        torch.zeros(1, 2, 3), torch.full((2, 10), torch.nan), torch.tensor([[True, True]])
    )
    assert y.isfinite().all()
    assert after.isfinite().all()
