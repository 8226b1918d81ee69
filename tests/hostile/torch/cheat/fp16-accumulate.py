# expect: wrong contract
# target: scan
# about: 1.5 a state with 11 bits of mantissa
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.rate = nn.Parameter(torch.randn(channels))
        self.gain = nn.Parameter(torch.rand(channels) + 0.5)

    def forward(self, x):
        x = (x * self.gain).half()
        rate = torch.sigmoid(self.rate).half()
        for t in range(1, x.shape[1]):
            x[:, t] += rate * x[:, t - 1]
        return x.float()
