# expect: wrong contract
# target: mlp
# about: 1.5 leaves out half of what is between the layers, by chance; right on
# the average
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def eval(self):
        return self

    def forward(self, x):
        return self.down(F.dropout(F.gelu(self.up(x)), 0.5, self.training))
