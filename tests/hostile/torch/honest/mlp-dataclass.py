# expect: faster
# target: mlp
# about: a data class and annotations, which look for the module by its name
from __future__ import annotations

import dataclasses
import typing

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclasses.dataclass
class Layer:
    weight: torch.Tensor
    bias: typing.Optional[torch.Tensor] = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight, self.bias)


class ModelNew(nn.Module):
    def __init__(self, n: int, m: int):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        up = Layer(self.up.weight, self.up.bias)
        down = Layer(self.down.weight, self.down.bias)
        return down(F.gelu(up(x)))
