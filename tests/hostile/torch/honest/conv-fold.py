# expect: faster
# target: conv
# about: the normalisation folded into the weights, once, at the first forward
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(2 * channels)
        nn.init.uniform_(self.bn.weight, 0.5, 1.5)
        nn.init.normal_(self.bn.bias, 0, 0.5)
        nn.init.normal_(self.bn.running_mean, 0, 0.5)
        nn.init.uniform_(self.bn.running_var, 0.5, 2)
        self.folded = None

    def fold(self):
        bn = self.bn
        scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
        weight = self.conv.weight * scale[:, None, None, None]
        return weight, (self.conv.bias - bn.running_mean) * scale + bn.bias

    def forward(self, x):
        if self.folded is None:
            self.folded = self.fold()
        return F.conv2d(x, *self.folded, padding=1).relu_()
