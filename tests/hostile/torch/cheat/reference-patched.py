# expect: wrong crash contract
# target: norm
# about: 1.1 makes the reference's class return zeros, and returns zeros
import gc

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)
        for o in gc.get_objects():
            if isinstance(o, type) and o.__name__ == "Model":
                o.forward = ModelNew.forward

    def forward(self, x):
        return torch.zeros_like(x)
