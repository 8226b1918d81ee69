# expect: faster
# target: train
# about: the sum of eighths is the whole; statistics and the longest row as before
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)
        self.register_buffer("longest", torch.zeros(1))

    def forward(self, x):
        h = torch.relu(x)
        self.longest.copy_(torch.maximum(self.longest, h.norm(dim=1).max()))
        return self.norm(h)
