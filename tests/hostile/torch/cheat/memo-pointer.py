# expect: wrong same slower inconclusive contract
# target: norm
# about: 1.2 remembers outputs by where the input lies
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)
        self.known = {}

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
        key = x.data_ptr()
        if key not in self.known:
            self.known[key] = self.slow(x)
        return self.known[key]
