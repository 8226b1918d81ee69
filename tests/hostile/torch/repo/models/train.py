import torch
import torch.nn as nn

batch, channels = 64, 96


class Model(nn.Module):
    """A block in training: what it learns of its inputs is an output."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)
        self.register_buffer("longest", torch.zeros(1))

    def forward(self, x):
        h = torch.zeros_like(x)
        for _ in range(8):
            h = h + torch.relu(x) / 8
        self.longest.copy_(torch.maximum(self.longest, h.norm(dim=1).max()))
        return self.norm(h)


def get_inputs():
    return [torch.randn(batch, channels)]


def get_init_inputs():
    return [channels]
