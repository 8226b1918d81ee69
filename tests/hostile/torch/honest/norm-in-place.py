# expect: faster
# target: norm
# about: fewer passes, in place on what it has made itself
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        var = torch.linalg.vector_norm(d, dim=-1, keepdim=True)
        var.square_().div_(x.shape[-1]).add_(1e-3)
        d.mul_(var.rsqrt_()).mul_(self.weight).add_(self.bias)
        return d
