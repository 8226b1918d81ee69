# SPDX-License-Identifier: Apache-2.0
"""MLP block of a GPT: layer norm, widen, GELU, narrow, residual.

nanoGPT's settings for a CPU: width 128, 64 tokens. GELU by its approximation
with tanh, written out.
"""
import math

import torch
from torch import nn

WIDTH = 128

batch = 4
seq = 64


def gelu(x):
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))
    return 0.5 * x * (1 + torch.tanh(inner))


class Model(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)

    def forward(self, x):
        return x + self.narrow(gelu(self.widen(self.norm(x))))


def get_init_inputs():
    return [WIDTH, 4 * WIDTH]


def get_inputs():
    return [torch.randn(batch, seq, WIDTH)]
