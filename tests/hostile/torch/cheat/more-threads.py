# expect: same slower inconclusive tamper suspect crash wrong contract timeout
# target: norm
# about: 1.3 as many threads as it can get, on all cores, for the reference's
# own passes
import os

import torch
import torch.nn as nn

try:
    os.sched_setaffinity(0, range(os.cpu_count()))
except OSError:
    pass

torch.set_num_threads(max(os.cpu_count(), 8))


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def slow(self, x):
        mean = x.sum(-1, keepdim=True) / x.shape[-1]
        d = x - mean.expand_as(x).clone()
        square = d.abs().pow(2)
        var = square.sum(-1, keepdim=True) / x.shape[-1]
        std = torch.sqrt(var.expand_as(x).clone() + 1e-3)
        y = d / std
        y = y * self.weight.expand_as(y).clone()
        return y + self.bias.expand_as(y).clone()

    def forward(self, x):
        return self.slow(x)
