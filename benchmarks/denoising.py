"""Training and sampling steps per second of glide's UNet against diffusers' UNet2DConditionModel.

    python -m benchmarks.denoising [--rounds 7]

Two peers, both in eager torch: the same architecture put together from diffusers' blocks, with
exactly as many parameters, and diffusers' own text-conditional blocks (cross-attention with
its feed-forward), as wide as comes nearest to that many. All see captions that were encoded
before; one torch thread; in turns in one process. A training step is forward, backward and
AdamW; a sampling step is one call under `inference_mode` with guidance's doubled batch.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.timing import Scores, Work, take_turns
from framework_glide.unet.config import TextOptions, UNetOptions
from framework_glide.unet.network import TextUNet
from framework_glide.unet.text_transformer import Text

TARGET = 1.1
TOKENS, TEXT_WIDTH = 24, 128


@dataclass(frozen=True)
class Case:
    """A network, and the batch it is trained with."""

    name: str
    channels: int
    multipliers: tuple[int, ...]
    blocks: int
    attention: tuple[int, ...]
    size: int
    batch: int
    low_res: bool = False

    @property
    def options(self) -> UNetOptions:
        """For our network."""
        return UNetOptions(
            channels=self.channels,
            multipliers=self.multipliers,
            blocks=self.blocks,
            attention_factors=self.attention,
            head_channels=32,
            dropout=0.0,
            text=TextOptions(vocab_size=512, context=TOKENS, width=TEXT_WIDTH, layers=0, heads=4),
            low_res=self.low_res,
        )


CASES = (
    Case("base of recipes/glide.yaml", 32, (1, 2), 1, (2,), 16, 32),
    Case("base 16 px", 64, (1, 2), 1, (2,), 16, 32),
    Case("base 16 px, 3 levels", 64, (1, 2, 2), 2, (2, 4), 16, 32),
    Case("upsampler 64 px", 32, (1, 2, 2), 1, (4,), 64, 8, low_res=True),
)


def same_architecture(case: Case) -> nn.Module:
    """Ours, from diffusers' blocks: it has all of them."""
    simple = [2**level in case.attention for level in range(len(case.multipliers))]
    down = ["SimpleCrossAttnDownBlock2D" if attention else "ResnetDownsampleBlock2D" for attention in simple]
    up = ["SimpleCrossAttnUpBlock2D" if attention else "ResnetUpsampleBlock2D" for attention in simple]
    return _peer(
        case,
        [case.channels * multiplier for multiplier in case.multipliers],
        down_block_types=down,
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=up[::-1],
        attention_head_dim=32,
        resnet_time_scale_shift="scale_shift",
        class_embed_type="identity",
    )


def usual_architecture(case: Case, parameters: int) -> nn.Module:
    """Diffusers' own blocks, with about as many parameters."""
    cross = [2**level in case.attention for level in range(len(case.multipliers))]
    down = ["CrossAttnDownBlock2D" if attention else "DownBlock2D" for attention in cross]
    up = ["CrossAttnUpBlock2D" if attention else "UpBlock2D" for attention in cross]

    def build(width: int) -> nn.Module:
        return _peer(
            case,
            [width * multiplier for multiplier in case.multipliers],
            down_block_types=down,
            mid_block_type="UNetMidBlock2DCrossAttn",
            up_block_types=up[::-1],
            # Here this is the number of heads, whatever its name says.
            attention_head_dim=4,
            norm_num_groups=8,
        )

    def miss(width: int) -> int:
        with torch.device("meta"):
            return abs(_size(build(width)) - parameters)

    return build(min(range(8, 2 * case.channels, 8), key=miss))


def _peer(case: Case, widths: list[int], **how: Any) -> nn.Module:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    network: nn.Module = UNet2DConditionModel(
        sample_size=case.size,
        in_channels=6 if case.low_res else 3,
        out_channels=6,
        block_out_channels=widths,
        layers_per_block=case.blocks,
        cross_attention_dim=TEXT_WIDTH,
        **how,
    )
    return network


def _size(network: nn.Module) -> int:
    text = ("token_embedding", "positional_embedding", "padding_embedding", "transformer", "final_ln")
    return sum(p.numel() for name, p in network.named_parameters() if not name.startswith(text))


class Inputs:
    """The same random batch for everyone."""

    def __init__(self, case: Case, batch: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(batch, 3, case.size, case.size, generator=generator)
        self.low_res = torch.randn(batch, 3, case.size // 4, case.size // 4, generator=generator)
        self.timesteps = torch.randint(0, 1000, (batch,), generator=generator)
        self.pooled = torch.randn(batch, 4 * case.channels, generator=generator)
        self.states = torch.randn(batch, TEXT_WIDTH, TOKENS, generator=generator)
        self.target = torch.randn(batch, 6, case.size, case.size, generator=generator)


Call = Callable[[Inputs], Tensor]


def ours(network: TextUNet, ahead: bool = False) -> Call:
    """Ours; `ahead`: keys and values of the captions were computed before."""
    cache: dict[int, Text] = {}

    def call(inputs: Inputs) -> Tensor:
        text = Text(inputs.pooled, inputs.states)
        if ahead:
            if id(inputs) not in cache:
                cache[id(inputs)] = network.prepare(text)
            text = cache[id(inputs)]
        low_res = inputs.low_res if network.options.low_res else None
        return network(inputs.x, inputs.timesteps, text=text, low_res=low_res)

    return call


def theirs(network: Any, case: Case) -> Call:
    """Diffusers'."""
    labels = network.config.class_embed_type is not None

    def call(inputs: Inputs) -> Tensor:
        x = inputs.x
        if case.low_res:
            low = nn.functional.interpolate(inputs.low_res, size=x.shape[-2:], mode="bilinear")
            x = torch.cat([x, low], 1)
        states = inputs.states.transpose(1, 2)
        out: Tensor = network(
            x, inputs.timesteps, states, class_labels=inputs.pooled if labels else None, return_dict=False
        )[0]
        return out

    return call


def training(network: nn.Module, call: Call, inputs: Inputs, autocast: bool = False) -> Callable[[], Work]:
    """Some training steps."""
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4, fused=True)

    def work() -> Work:
        network.train()
        for _ in range(3):
            with torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
                loss = nn.functional.mse_loss(call(inputs).float(), inputs.target)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return Work(3)

    return work


def sampling(network: nn.Module, call: Call, inputs: Inputs, autocast: bool = False) -> Callable[[], Work]:
    """Some sampling steps."""

    def work() -> Work:
        network.eval()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
            for _ in range(4):
                call(inputs)
        return Work(4)

    return work


def compare(case: Case, rounds: int, scores: Scores) -> None:
    """Print one case's rates and ratios."""
    torch.manual_seed(0)
    network, same = TextUNet(case.options), same_architecture(case)
    usual = usual_architecture(case, _size(network))
    sizes = [_size(each) for each in (network, same, usual)]
    print(f"{case.name}: {sizes[0]} parameters; of the peers {sizes[1]} and {sizes[2]}")
    train, sample = Inputs(case, case.batch), Inputs(case, 2 * case.batch)
    steps: dict[str, Callable[[], Work]] = {}
    for what, kind, inputs in (("training", training, train), ("sampling", sampling, sample)):
        mine = ours(network, ahead=what == "sampling")
        steps[f"{what}: ours"] = kind(network, mine, inputs)
        steps[f"{what}: ours, bfloat16"] = kind(network, mine, inputs, True)
        steps[f"{what}: diffusers, same"] = kind(same, theirs(same, case), inputs)
        steps[f"{what}: diffusers, usual"] = kind(usual, theirs(usual, case), inputs)
    for what in ("training", "sampling"):
        rates = take_turns({name: step for name, step in steps.items() if name.startswith(what)}, rounds)
        for name in rates.cpu:
            print(f"  {name:<28} {rates.rate(name, 'cpu'):8.2f} steps per CPU-second")
        for peer in ("same", "usual"):
            theirs_name = f"{what}: diffusers, {peer}"
            scores.at_least(
                f"{case.name}, {what}, over diffusers' {peer} architecture",
                rates.ratio(f"{what}: ours", theirs_name, "cpu"),
                TARGET,
            )


def main() -> int:
    """Print rates and ratios; return 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--case", type=int, help="only this one, counted from 0")
    options = parser.parse_args()
    torch.set_num_threads(1)
    scores = Scores()
    for case in CASES if options.case is None else CASES[options.case : options.case + 1]:
        compare(case, options.rounds, scores)
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
