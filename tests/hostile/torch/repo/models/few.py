import torch
import torch.nn as nn

rows, cols = 96, 256


class Model(nn.Module):
    """An input of few values, whose largest is another at each draw."""

    def forward(self, x, bias):
        return x * 1.5 + x * 1.5 + bias


def get_inputs():
    return [torch.randn(rows, cols), (torch.randn(1, 1) * 9).repeat(rows, 1)]


def get_init_inputs():
    return []
