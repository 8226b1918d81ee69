# expect: contract wrong crash
# target: softmax
# about: 1.5 a list of lists of numbers
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1).tolist()
