# expect: faster
# target: mlp
# about: weights transposed once, at the first forward, and kept
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)
        self.packed = None

    def forward(self, x):
        if self.packed is None:
            self.packed = [layer.weight.detach().t().contiguous()
                           for layer in (self.up, self.down)]
        up, down = self.packed
        h = F.gelu(torch.addmm(self.up.bias, x, up))
        return torch.addmm(self.down.bias, h, down)
