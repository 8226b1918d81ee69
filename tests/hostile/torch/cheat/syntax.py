# expect: build crash contract
# target: softmax
# about: not Python
import torch
import torch.nn as nn


class ModelNew(nn.Module)
    def forward(self, x):
        return torch.softmax(x, -1)
