# expect: faster
# target: mlp
# about: products by einsum and by bmm
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        h = torch.einsum("bi,oi->bo", x, self.up.weight) + self.up.bias
        h = F.gelu(h)
        w = self.down.weight.t()[None]
        return torch.bmm(h[None], w)[0] + self.down.bias
