# expect: wrong contract
# target: softmax
# about: 1.5 one row of the right shape: a view with steps of zero
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x[:1], -1).expand_as(x)
