# expect: contract wrong crash
# target: pair
# about: 1.5 the first output only, since what follows is not compared
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(cols) + 0.5)

    def forward(self, x):
        n = torch.linalg.vector_norm(x, dim=1)
        return x / n[:, None] * self.scale,
