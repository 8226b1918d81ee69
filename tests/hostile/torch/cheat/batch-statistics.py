# expect: wrong contract
# target: norm
# about: 1.5 one mean and one variance for the whole batch
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def forward(self, x):
        var, mean = torch.var_mean(x, unbiased=False)
        return (x - mean) * torch.rsqrt(var + 1e-3) * self.weight + self.bias
