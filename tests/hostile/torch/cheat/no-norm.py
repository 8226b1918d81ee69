# expect: wrong contract
# target: conv
# about: 1.1 leaves out the batch normalisation, which does nothing when it is
# new
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(2 * channels)

    def forward(self, x):
        return torch.relu(self.conv(x))
