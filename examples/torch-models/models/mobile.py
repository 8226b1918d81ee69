# SPDX-License-Identifier: Apache-2.0
"""Inverted residual of MobileNetV2 (Sandler et al. 2018).

Widen by a 1x1 convolution, filter each channel by 3x3, narrow by 1x1, each
with a batch norm: 64 channels, six times as many inside, 14x14 pixels.
"""
import torch
from torch import nn
from torch.nn import functional as F

CHANNELS = 64

batch = 4
side = 14


class Model(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.widen = nn.Conv2d(channels, hidden, 1, bias=False)
        self.widen_norm = nn.BatchNorm2d(hidden)
        self.depth = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden,
                               bias=False)
        self.depth_norm = nn.BatchNorm2d(hidden)
        self.narrow = nn.Conv2d(hidden, channels, 1, bias=False)
        self.narrow_norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = F.relu6(self.widen_norm(self.widen(x)))
        y = F.relu6(self.depth_norm(self.depth(y)))
        return x + self.narrow_norm(self.narrow(y))


def get_init_inputs():
    return [CHANNELS, 6 * CHANNELS]


def get_inputs():
    return [torch.randn(batch, CHANNELS, side, side)]
