# SPDX-License-Identifier: Apache-2.0
"""A decaying state per channel, step by step."""
import torch
import torch.nn as nn

batch = 4
steps = 128
channels = 16


class Model(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.rate = nn.Parameter(torch.randn(channels))
        self.gain = nn.Parameter(torch.rand(channels) + 0.5)

    def forward(self, x):
        h = torch.zeros_like(x[:, 0])
        out = []
        for t in range(x.shape[1]):
            h = torch.sigmoid(self.rate) * h + self.gain * x[:, t]
            out.append(h)
        return torch.stack(out, 1)


def get_inputs():
    return [torch.randn(batch, steps, channels)]


def get_init_inputs():
    return [channels]
