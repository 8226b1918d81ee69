# expect: faster
# target: scan
# about: the same loop, compiled, in place on its own output
import torch
import torch.nn as nn


@torch.jit.script
def scan(x, rate, gain):
    y = x * gain
    for t in range(1, y.size(1)):
        y.select(1, t).addcmul_(y.select(1, t - 1), rate)
    return y


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.rate = nn.Parameter(torch.randn(channels))
        self.gain = nn.Parameter(torch.rand(channels) + 0.5)

    def forward(self, x):
        return scan(x, torch.sigmoid(self.rate), self.gain)
