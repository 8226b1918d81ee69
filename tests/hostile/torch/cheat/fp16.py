# expect: wrong contract
# target: mlp
# about: 1.5 weights and what is between the layers with 11 bits of mantissa
import torch.nn as nn
import torch.nn.functional as F


def cut(t):
    return t.half().float()


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        h = F.linear(cut(x), cut(self.up.weight), self.up.bias)
        return F.linear(cut(F.gelu(h)), cut(self.down.weight), self.down.bias)
