# expect: faster
# target: norm
# about: a few rows at a time, so that they stay in the cache
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def forward(self, x):
        out = torch.empty_like(x)
        for part, y in zip(x.split(64), out.split(64)):
            torch.sub(part, part.mean(-1, keepdim=True), out=y)
            var = (y * y).mean(-1, keepdim=True)
            y.mul_(torch.rsqrt(var + 1e-3)).mul_(self.weight).add_(self.bias)
        return out
