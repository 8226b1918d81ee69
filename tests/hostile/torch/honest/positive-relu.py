# expect: faster
# target: positive
# about: one pass fewer, for either sign
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(cols))

    def forward(self, x):
        return torch.cumsum(torch.relu(x).mul_(self.scale), dim=1)
