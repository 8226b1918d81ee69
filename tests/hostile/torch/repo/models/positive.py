import torch
import torch.nn as nn

rows, cols = 96, 512


class Model(nn.Module):
    """Inputs of one sign, as most suites have them."""

    def __init__(self, cols):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(cols))

    def forward(self, x):
        h = torch.relu(x)
        h = torch.maximum(h, torch.abs(h))
        return torch.cumsum(h * self.scale, dim=1)


def get_inputs():
    return [torch.rand(rows, cols)]


def get_init_inputs():
    return [cols]
