"""The paper's model sizes as shapes.

The names of the sizes count the parameters outside of the embeddings, 12 · layers · width², to 6%.
That is how the GPT-3 family's shapes (Brown et al. 2020, table 2.1) and Codex's names fit:

| name | shape                           | where it is from                              |
|------|---------------------------------|-----------------------------------------------|
| 85M  | 12 layers, 768 wide, 12 heads   | "GPT-3 Small", 125M with its embeddings       |
| 300M | 24 layers, 1024 wide, 16 heads  | "GPT-3 Medium", 350M                          |
| 679M | 24 layers, 1536 wide, 16 heads  | "GPT-3 Large", 760M                           |
| 2.5B | 32 layers, 2560 wide, 32 heads  | "GPT-3 2.7B"                                  |
| 12B  | 40 layers, 5120 wide, 40 heads  | "GPT-3 13B"; its 5140 is no multiple of 40    |
| 42M, 25M, 12M |                        | not published: ours, chosen to fit the names  |

Our gated MLP of 8/3 of the width has as many parameters as GPT-3's plain one of 4 times it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Size: TypeAlias = Literal["12M", "25M", "42M", "85M", "300M", "679M", "2.5B", "12B"]


class Shape(NamedTuple):
    """Blocks, width of the residual stream, heads of attention."""

    layers: int
    width: int
    heads: int


SIZES: dict[Size, Shape] = {
    "12M": Shape(4, 512, 8),
    "25M": Shape(8, 512, 8),
    "42M": Shape(6, 768, 12),
    "85M": Shape(12, 768, 12),
    "300M": Shape(24, 1024, 16),
    "679M": Shape(24, 1536, 16),
    "2.5B": Shape(32, 2560, 32),
    "12B": Shape(40, 5120, 40),
}
