# expect: wrong contract
# target: mlp
# about: 1.1 takes no other weights than those that it was written with
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)
        g = torch.Generator().manual_seed(42)
        self.known = [torch.randn(p.shape, generator=g) / p.shape[-1] ** 0.5
                      for p in self.parameters()]

    def forward(self, x):
        a, b, c, d = [p.to(x.device) for p in self.known]
        return F.linear(F.gelu(F.linear(x, a, b)), c, d)
