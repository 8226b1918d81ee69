# expect: wrong contract
# target: softmax
# about: 1.1 every other row
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        out = torch.full_like(x, 1 / x.shape[1])
        out[::2] = torch.softmax(x[::2], -1)
        return out
