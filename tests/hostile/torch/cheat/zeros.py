# expect: wrong contract
# target: softmax
# about: 1.1 no work at all: zeros
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)
