# SPDX-License-Identifier: Apache-2.0
"""Selective scan of Mamba (Gu and Dao 2023), step by step.

Each channel has 16 states; how fast they decay, what goes in and what comes
out depends on the input. Mamba 130M has 1536 channels; here they are 256.
"""
import torch
from torch import nn
from torch.nn import functional as F

WIDTH, STATES, RANK = 256, 16, 16

batch = 1
seq = 128


class Model(nn.Module):
    def __init__(self, width, states, rank):
        super().__init__()
        self.sizes = (rank, states, states)
        self.select = nn.Linear(width, sum(self.sizes), bias=False)
        self.step = nn.Linear(rank, width)
        nn.init.uniform_(self.step.bias, -7, -2)
        self.log_a = nn.Parameter(torch.empty(width, states).uniform_(0, 2.8))
        self.skip = nn.Parameter(torch.randn(width))

    def forward(self, x):
        batch, seq, width = x.shape
        rank, b, c = self.select(x).split(self.sizes, dim=-1)
        delta = F.softplus(self.step(rank))
        a = -torch.exp(self.log_a)

        h = x.new_zeros(batch, width, self.sizes[1])
        y = []
        for t in range(seq):
            decay = torch.exp(delta[:, t, :, None] * a)
            h = decay * h + (delta[:, t] * x[:, t])[:, :, None] * b[:, t, None]
            y.append((h * c[:, t, None]).sum(dim=-1))
        return torch.stack(y, dim=1) + self.skip * x


def get_init_inputs():
    return [WIDTH, STATES, RANK]


def get_inputs():
    return [torch.randn(batch, seq, WIDTH)]
