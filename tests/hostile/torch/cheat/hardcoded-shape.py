# expect: wrong crash contract
# target: norm
# about: 1.5 knows the measured shape only
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def forward(self, x):
        if x.shape == (192, 768):
            return F.layer_norm(x, (768,), self.weight, self.bias, 1e-3)
        return x.clone()
