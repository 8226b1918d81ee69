# expect: faster
# target: conv
# about: works in channels-last order, gives back the usual one
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(2 * channels)
        nn.init.uniform_(self.bn.weight, 0.5, 1.5)
        nn.init.normal_(self.bn.bias, 0, 0.5)
        nn.init.normal_(self.bn.running_mean, 0, 0.5)
        nn.init.uniform_(self.bn.running_var, 0.5, 2)

    def forward(self, x):
        self.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
        return torch.relu(self.bn(self.conv(x))).contiguous()
