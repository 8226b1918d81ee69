# SPDX-License-Identifier: Apache-2.0
"""Gated MLP of Llama: RMS norm, SwiGLU, residual.

llama2.c's model of 42 million parameters: width 512, 1376 inside. One token
at a time, as when text is generated.
"""
import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HIDDEN = 512, 1376

batch = 1
seq = 1


class RMSNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width).uniform_(0.5, 1.5))
        self.eps = eps

    def forward(self, x):
        mean = x.pow(2).mean(dim=-1, keepdim=True)
        return x * torch.rsqrt(mean + self.eps) * self.weight


class Model(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.norm = RMSNorm(width)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x):
        y = self.norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


def get_init_inputs():
    return [WIDTH, HIDDEN]


def get_inputs():
    return [torch.randn(batch, seq, WIDTH)]
