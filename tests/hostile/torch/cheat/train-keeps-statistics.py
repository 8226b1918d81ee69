# expect: wrong
# target: train
# about: the batch's own statistics are used and not remembered
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, momentum=0.0)
        self.register_buffer("longest", torch.zeros(1))

    def forward(self, x):
        h = torch.relu(x)
        self.longest.copy_(torch.maximum(self.longest, h.norm(dim=1).max()))
        return self.norm(h)
