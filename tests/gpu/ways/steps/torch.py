"""PyTorch's own operators, fewer of them."""
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)

    def forward(self, x, gate):
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        scale = torch.rsqrt(norm * norm / x.shape[-1] + 1e-6)
        y = torch.sigmoid(gate)
        return y.mul_(x).mul_(scale).mul_(self.weight)
