# expect: wrong contract
# target: softmax
# about: 1.5 right but one infinity
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.softmax(x, -1)
        y[-1, -1] = float("inf")
        return y
