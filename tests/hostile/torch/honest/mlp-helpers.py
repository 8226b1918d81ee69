# expect: faster
# target: mlp
# about: helpers that nobody calls, a test of its own under `__main__`
import math

import torch
import torch.nn as nn


def gelu(h):
    return torch.erf(h / math.sqrt(2)).add_(1).mul_(h).mul_(0.5)


class ModelNew(nn.Module):
    """Says of itself what it is."""

    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def extra_repr(self):
        return f"parameters={self.count()}"

    def count(self):
        return sum(p.numel() for p in self.parameters())

    def reset(self):
        self.up.reset_parameters()
        self.down.reset_parameters()

    def forward(self, x):
        return self.down(gelu(self.up(x)))


if __name__ == "__main__":
    print(ModelNew(96, 192)(torch.randn(32, 96)).shape)
