# SPDX-License-Identifier: Apache-2.0
"""Causal attention with grouped queries and its projections.

The shape of Llama 3 (four query heads share a head of keys and values), small:
width 256, eight query heads of 32.
"""
import math

import torch
from torch import nn

WIDTH = 256
HEADS, GROUPS = 8, 2

batch = 1
seq = 256


class Model(nn.Module):
    def __init__(self, width, heads, groups):
        super().__init__()
        self.heads, self.groups = heads, groups
        self.size = width // heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, groups * self.size, bias=False)
        self.value = nn.Linear(width, groups * self.size, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def split(self, x, heads):
        """[batch, seq, width] as [batch, heads, seq, size]."""
        return x.view(*x.shape[:2], heads, self.size).transpose(1, 2)

    def forward(self, x):
        seq = x.shape[1]
        shared = self.heads // self.groups
        q = self.split(self.query(x), self.heads)
        k = self.split(self.key(x), self.groups)
        v = self.split(self.value(x), self.groups)
        k = k.repeat_interleave(shared, dim=1)
        v = v.repeat_interleave(shared, dim=1)

        scores = q @ k.transpose(2, 3) / math.sqrt(self.size)
        later = torch.ones(seq, seq, dtype=torch.bool, device=x.device).triu(1)
        scores = scores.masked_fill(later, float("-inf"))
        y = torch.softmax(scores, dim=-1) @ v
        return self.out(y.transpose(1, 2).flatten(2))


def get_init_inputs():
    return [WIDTH, HEADS, GROUPS]


def get_inputs():
    return [torch.randn(batch, seq, WIDTH)]
