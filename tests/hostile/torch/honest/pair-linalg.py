# expect: faster
# target: pair
# about: lengths from torch.linalg
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(cols) + 0.5)

    def forward(self, x):
        n = torch.linalg.vector_norm(x, dim=1)
        n = torch.sqrt(n * n + 1e-6)
        return x / n[:, None] * self.scale, {"length": n}
