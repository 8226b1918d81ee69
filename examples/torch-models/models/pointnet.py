# SPDX-License-Identifier: Apache-2.0
"""Shared MLP of point clouds: PointNet's segmentation head.

Each point has features of its own and those of the whole cloud beside them.
PointNet (Qi et al. 2017) has 64 and 1024 features, and layers of 512, 256 and
128; here the cloud has 256, and the layers are half as wide.
"""
import torch
from torch import nn

POINT, CLOUD = 64, 256
LAYERS = (256, 128, 64)

batch = 2
points = 128


class Layer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return torch.relu(self.norm(self.linear(x)))


class Model(nn.Module):
    def __init__(self, point, cloud, layers):
        super().__init__()
        widths = (point + cloud, *layers)
        self.layers = nn.ModuleList(
            Layer(i, o) for i, o in zip(widths, widths[1:]))

    def forward(self, point, cloud):
        batch, points, _ = point.shape
        cloud = cloud.unsqueeze(1).expand(-1, points, -1)
        x = torch.cat((point, cloud), dim=-1).flatten(0, 1)
        for layer in self.layers:
            x = layer(x)
        return x.view(batch, points, -1)


def get_init_inputs():
    return [POINT, CLOUD, LAYERS]


def get_inputs():
    return [torch.randn(batch, points, POINT), torch.randn(batch, CLOUD)]
