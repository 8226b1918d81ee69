# expect: wrong contract
# target: mlp
# about: 1.5 weights and input with 8 bits of mantissa
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        low = [p.bfloat16() for p in self.parameters()]
        h = F.gelu(F.linear(x.bfloat16(), low[0], low[1]))
        return F.linear(h, low[2], low[3]).float()
