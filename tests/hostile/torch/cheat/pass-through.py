# expect: wrong contract
# target: norm
# about: 1.1 its input, which is nearly normal already
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def forward(self, x):
        return x
