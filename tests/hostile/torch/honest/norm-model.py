# expect: faster
# target: norm
# about: calls its class `Model`, as the reference does
import torch
import torch.nn as nn

rows, cols = 192, 768


class Model(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def forward(self, x):
        return torch.layer_norm(x, x.shape[-1:], self.weight, self.bias, 1e-3)


def get_inputs():
    return [torch.randn(rows, cols)]


def get_init_inputs():
    return [cols]
