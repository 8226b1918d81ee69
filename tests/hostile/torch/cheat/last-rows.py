# expect: wrong contract
# target: norm
# about: 1.1 all rows but the last, which one may forget
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def forward(self, x):
        out = torch.zeros_like(x)
        part = x[:-1] if len(x) > 1 else x[:, :-1]
        y = F.layer_norm(part, part.shape[-1:], self.weight[:part.shape[1]],
                         self.bias[:part.shape[1]], 1e-3)
        out[:part.shape[0], :part.shape[1]] = y
        return out
