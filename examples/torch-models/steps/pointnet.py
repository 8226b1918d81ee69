# SPDX-License-Identifier: Apache-2.0
"""The first layer is a sum of two products. That of the cloud is the same for
all of its points, and so computed once. Norms are part of the weights.
"""
import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def folded(self):
        """Weight and bias that do what both layers do."""
        norm = self.norm
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        bias = (self.linear.bias - norm.running_mean) * scale + norm.bias
        return self.linear.weight * scale[:, None], bias


class ModelNew(nn.Module):
    def __init__(self, point, cloud, layers):
        super().__init__()
        widths = (point + cloud, *layers)
        self.layers = nn.ModuleList(
            Layer(i, o) for i, o in zip(widths, widths[1:]))
        self.split = (point, cloud)
        self.folded = None

    def fold(self):
        (weight, bias), *rest = [layer.folded() for layer in self.layers]
        point, cloud = weight.split(self.split, dim=1)
        return point.contiguous(), cloud.contiguous(), bias, rest

    def forward(self, point, cloud):
        if self.folded is None:
            self.folded = self.fold()
        point_weight, cloud_weight, bias, rest = self.folded
        x = F.linear(point, point_weight)
        x.add_(F.linear(cloud, cloud_weight, bias).unsqueeze(1)).relu_()
        for weight, bias in rest:
            x = F.linear(x, weight, bias).relu_()
        return x
