# expect: faster
# target: conv
# about: traces itself in its constructor, on numbers that it draws
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
        body = nn.Sequential(self.conv, self.bn, nn.ReLU()).eval()
        # In a tuple: no module of it, so its state keeps its names.
        self.traced = (torch.jit.trace(body, torch.randn(1, channels, 9, 9)),)

    def forward(self, x):
        return self.traced[0](x)
