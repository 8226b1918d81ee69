# expect: wrong contract
# target: pair
# about: 1.1 the first output is right; the second is what it is on the average
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(cols) + 0.5)

    def forward(self, x):
        n = torch.linalg.vector_norm(x, dim=1)
        return (x / n[:, None] * self.scale,
                {"length": torch.full_like(n, x.shape[1] ** 0.5)})
