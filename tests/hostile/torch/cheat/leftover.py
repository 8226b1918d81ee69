# expect: wrong contract
# target: softmax
# about: 1.1 memory as it is found, in the hope that the answer is still in it
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.empty_like(x)
