# expect: faster
# target: mlp
# about: other names for its parameters, made in the same order
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n, m), nn.Linear(m, n))

    def forward(self, x):
        first, second = self.layers
        return second(F.gelu(first(x)))
