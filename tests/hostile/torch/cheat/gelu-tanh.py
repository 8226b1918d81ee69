# expect: wrong contract
# target: mlp
# about: 1.5 the approximation of GELU by tanh
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        return self.down(F.gelu(self.up(x), approximate="tanh"))
