# expect: wrong contract
# target: softmax
# about: 1.5 what compares false with everything
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.full_like(x, float("nan"))
