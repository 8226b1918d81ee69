# expect: contract wrong
# target: softmax
# about: 1.5 double precision, which nobody has asked for
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1).double()
