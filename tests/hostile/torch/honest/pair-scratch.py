# expect: faster
# target: pair
# about: scratch of its own that it keeps; outputs are new each time
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(cols) + 0.5)
        self.scratch = None

    def forward(self, x):
        if self.scratch is None or self.scratch.shape != x.shape:
            self.scratch = torch.empty_like(x)
        torch.mul(x, x, out=self.scratch)
        n = self.scratch.sum(1).add_(1e-6).sqrt_()
        return torch.div(x, n[:, None]).mul_(self.scale), dict(length=n)
