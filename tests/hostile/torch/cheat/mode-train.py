# expect: wrong contract
# target: conv
# about: 1.5 goes back to training, in which the batch's own statistics are
# good enough
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(2 * channels)

    def forward(self, x):
        self.train()
        return torch.relu(self.bn(self.conv(x)))
