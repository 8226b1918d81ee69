# expect: wrong contract
# target: mlp
# about: 1.5 weights of 8 bits with a scale a row
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)
        self.packed = None

    @staticmethod
    def pack(w):
        scale = w.abs().amax(1, keepdim=True) / 127
        return torch.round(w / scale).to(torch.int8).float() * scale

    def forward(self, x):
        if self.packed is None:
            self.packed = [self.pack(w.weight) for w in (self.up, self.down)]
        h = F.gelu(F.linear(x, self.packed[0], self.up.bias))
        return F.linear(h, self.packed[1], self.down.bias)
