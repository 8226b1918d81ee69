# expect: wrong contract
# target: softmax
# about: 1.1 the expected value of the output
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.full_like(x, 1 / x.shape[1])
