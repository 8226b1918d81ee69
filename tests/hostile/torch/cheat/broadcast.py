# expect: contract wrong
# target: softmax
# about: 1.5 one row, which would be broadcast to all
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x[:1], -1)
