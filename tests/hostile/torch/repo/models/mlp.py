# SPDX-License-Identifier: Apache-2.0
"""Two linear layers and a GELU; products are written out and then summed."""
import math

import torch
import torch.nn as nn

batch = 40
n = 96
m = 192


class Model(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    @staticmethod
    def apply_linear(x, layer):
        return (x[:, None, :] * layer.weight[None]).sum(-1) + layer.bias

    def forward(self, x):
        h = self.apply_linear(x, self.up)
        h = h * 0.5 * (1 + torch.erf(h / math.sqrt(2)))
        return self.apply_linear(h, self.down)


def get_inputs():
    return [torch.randn(batch, n)]


def get_init_inputs():
    return [n, m]
