# SPDX-License-Identifier: Apache-2.0
"""Convolution, batch normalisation and ReLU, one tap of the kernel at a time."""
import torch
import torch.nn as nn
import torch.nn.functional as F

batch = 2
channels = 8
size = 32


class Model(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(2 * channels)
        # What a new layer has is nearly no normalisation at all.
        nn.init.uniform_(self.bn.weight, 0.5, 1.5)
        nn.init.normal_(self.bn.bias, 0, 0.5)
        nn.init.normal_(self.bn.running_mean, 0, 0.5)
        nn.init.uniform_(self.bn.running_var, 0.5, 2)

    def forward(self, x):
        h, w = x.shape[2:]
        padded = F.pad(x, (1, 1, 1, 1))
        y = self.conv.bias[:, None, None]
        for i in range(3):
            for j in range(3):
                tap = self.conv.weight[:, :, i, j]
                part = padded[:, :, i:i + h, j:j + w]
                y = y + torch.einsum("oc,bchw->bohw", tap, part)
        bn = self.bn
        y = y - bn.running_mean[:, None, None]
        y = y / torch.sqrt(bn.running_var + bn.eps)[:, None, None]
        y = y * bn.weight[:, None, None] + bn.bias[:, None, None]
        return torch.where(y > 0, y, torch.zeros_like(y))


def get_inputs():
    return [torch.randn(batch, channels, size, size)]


def get_init_inputs():
    return [channels]
