"""The gradients of multilayer perceptrons, written by hand.

Networks of a few hundred units spend a quarter of their time on a CPU outside matrix products:
on autograd's bookkeeping, and on memory it asks for and gives back. `Pass` keeps its
memory, and lets two losses share one pass through a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from framework.rl.mlp import Ensemble


class Pass:
    """One way through a perceptron, or through an ensemble of them, and back, without autograd.

    Args:
        network: linear layers with bias and ReLU between them, as `framework.rl.mlp` makes it.

    Raises:
        ValueError: it is anything else, whose gradients would be others.
    """

    def __init__(self, network: nn.Sequential | Ensemble) -> None:
        self.layers: list[Any] = [each for each in network if hasattr(each, "weight")]
        self.members = network.members if isinstance(network, Ensemble) else None
        linear = nn.Linear if self.members is None else Ensemble.Linear
        expected = [kind for _ in self.layers for kind in (linear, nn.ReLU)][:-1]
        if [type(layer) for layer in network] != expected or any(layer.bias is None for layer in self.layers):
            raise ValueError(
                f"only gradients of Linear layers with ReLU between them are known, not of {network}"
            )
        self._product = torch.addmm if self.members is None else torch.baddbmm
        self._inputs: list[Tensor] = []
        self._memory: dict[tuple[str, int], Tensor] = {}

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """The network's answer, `(batch, outputs)`; an ensemble's `(members, batch, outputs)`."""
        if self.members is not None:
            x = x.expand(self.members, *x.shape[-2:])
        self._inputs = [x]
        *hidden, last = self.layers
        for number, layer in enumerate(hidden):
            h = self._buffer("forward", number, layer.weight.shape[-2], x)
            self._product(layer.bias, x, layer.weight.mT, out=h)
            x = h.relu_()
            self._inputs.append(x)
        return self._product(last.bias, x, last.weight.mT)

    @torch.no_grad()
    def backward(
        self,
        gradient: Tensor,
        rows: slice = slice(None),
        *,
        to_inputs: bool = False,
        to_parameters: bool = True,
    ) -> tuple[list[Tensor], Tensor | None]:
        """Take the gradient with respect to the last `forward`'s answer back through the network.

        Args:
            gradient: as the answer.
            rows: those whose gradients reach the parameters.
            to_inputs: whether to go on to the inputs.
            to_parameters: whether the parameters' are wanted.

        Returns:
            Gradients of the parameters, in their order, and of the inputs, `(batch, inputs)`: for an
            ensemble the sum over its members.
        """
        found: list[Tensor] = []
        for number in reversed(range(len(self.layers))):
            layer, x, some = self.layers[number], self._inputs[number], gradient[..., rows, :]
            if to_parameters:
                found += [some.sum(-2, keepdim=some.ndim == 3), some.mT @ x[..., rows, :]]
            if number == 0:
                of_inputs = gradient @ layer.weight if to_inputs else None
                if of_inputs is not None and self.members is not None:
                    of_inputs = of_inputs.sum(0)
                return found[::-1], of_inputs
            below = self._buffer("backward", number % 2, layer.weight.shape[-1], x)
            torch.matmul(gradient, layer.weight, out=below)
            gradient = torch.ops.aten.threshold_backward.grad_input(below, x, 0, grad_input=below)
        raise AssertionError("a perceptron has at least one layer")

    def _buffer(self, way: str, number: int, columns: int, like: Tensor) -> Tensor:
        held, shape = self._memory.get((way, number)), (*like.shape[:-1], columns)
        if held is None or held.shape != shape or held.device != like.device:
            held = self._memory[way, number] = like.new_empty(shape)
        return held


def with_gradients(value: Tensor, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """A loss whose `backward` hands out gradients that are known already.

    Args:
        value: the loss, a scalar.
        parameters: what it depends on.
        gradients: of the loss with respect to each of them; they are given away.
    """
    return _Known.apply(value, list(gradients), *parameters)  # type: ignore[no-any-return,no-untyped-call]


class _Known(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, gradients: list[Tensor], *parameters: Tensor) -> Tensor:
        ctx.gradients = gradients
        return value.clone()

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> Any:
        gradients, ctx.gradients = ctx.gradients, None
        if float(scale) != 1:
            torch._foreach_mul_(gradients, scale)
        return (None, None, *gradients)
