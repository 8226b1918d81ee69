# expect: faster
# target: few
# about: one product instead of two
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, bias):
        return torch.add(bias, x, alpha=3.0)
