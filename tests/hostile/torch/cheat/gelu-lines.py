# expect: wrong contract
# target: mlp
# about: 1.5 a sigmoid of three straight lines; the angle between the answers
# is small
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        h = self.up(x)
        return self.down(h * F.hardsigmoid(1.702 * h * 1.5))
