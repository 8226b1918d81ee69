# SPDX-License-Identifier: Apache-2.0
"""GELU as x * sigmoid(2 u), which is 0.5 x (1 + tanh u): a sigmoid costs a
quarter of a tanh. In place, in the temporary that it starts with.
"""
import math

import torch
from torch import nn

SCALE = 2 * math.sqrt(2 / math.pi)


def gelu(x):
    y = torch.square(x)
    y.mul_(0.044715 * SCALE).add_(SCALE).mul_(x)
    return y.sigmoid_().mul_(x)


class ModelNew(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)

    def forward(self, x):
        return self.narrow(gelu(self.widen(self.norm(x)))).add_(x)
