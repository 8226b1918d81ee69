# expect: same slower inconclusive tamper suspect crash contract
# target: norm
# about: 1.5 flushes denormals, of its own process and, as it hopes, of its
# rival's
import torch
import torch.nn as nn

torch.set_flush_denormal(True)


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
