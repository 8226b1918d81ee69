"""torch.compile."""
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.fast = torch.compile(self.slow)

    def slow(self, x, gate):
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
        return x * scale * self.weight * torch.sigmoid(gate)

    def forward(self, x, gate):
        return self.fast(x, gate)
