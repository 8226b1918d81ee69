# expect: faster
# target: softmax
# about: the library's own softmax
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1)
