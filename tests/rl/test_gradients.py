from __future__ import annotations

import pytest
import torch

from framework.rl.gradients import Pass, with_gradients
from framework.rl.mlp import mlp


@pytest.fixture
def network():
    torch.manual_seed(0)
    return mlp(5, (16, 8, 12), 3).double()


@pytest.mark.parametrize("hidden", [(), (7,), (16, 8, 12)])
def test_gradients_by_hand_are_those_of_autograd(hidden):
    torch.manual_seed(0)
    network = mlp(5, hidden, 3).double()
    by_hand = Pass(network)
    for rows in (10, 4):  # a smaller batch after a larger one
        x = torch.randn(rows, 5, dtype=torch.double, requires_grad=True)
        answer = network(x)
        gradient = torch.randn_like(answer)
        expected = torch.autograd.grad(answer, [*network.parameters(), x], gradient)
        torch.testing.assert_close(by_hand.forward(x.detach()), answer.detach())
        found, to_inputs = by_hand.backward(gradient, to_inputs=True)
        torch.testing.assert_close([*found, to_inputs], list(expected))
        assert by_hand.backward(gradient)[1] is None


def test_only_some_rows_reach_the_parameters(network):
    by_hand = Pass(network)
    x = torch.randn(10, 5, dtype=torch.double, requires_grad=True)
    gradient = torch.randn(10, 3, dtype=torch.double)
    of_inputs = torch.autograd.grad(network(x), x, gradient)[0]
    of_parameters = torch.autograd.grad(network(x[:4]), list(network.parameters()), gradient[:4])
    by_hand.forward(x.detach())
    found, to_inputs = by_hand.backward(gradient, slice(0, 4), to_inputs=True)
    torch.testing.assert_close(found, list(of_parameters))
    torch.testing.assert_close(to_inputs, of_inputs)


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_a_loss_with_known_gradients_hands_them_out(scale):
    parameters = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(3))]
    loss = with_gradients(torch.tensor(7.0), parameters, [torch.ones(2), torch.full((3,), 2.0)])
    assert loss.item() == 7
    (scale * loss).backward()
    assert parameters[0].grad.tolist() == [scale] * 2
    assert parameters[1].grad.tolist() == [2 * scale] * 3


@pytest.mark.parametrize(
    "network",
    [
        mlp(5, (7,), 3, torch.nn.Tanh),
        torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Linear(7, 3)),
        torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU()),
        torch.nn.Sequential(torch.nn.Linear(5, 7, bias=False), torch.nn.ReLU(), torch.nn.Linear(7, 3)),
        torch.nn.Sequential(
            torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.LayerNorm(7), torch.nn.Linear(7, 3)
        ),
    ],
)
def test_other_networks_are_refused(network):
    with pytest.raises(ValueError, match="Linear layers with ReLU"):
        Pass(network)
