# expect: build crash contract
# target: softmax
# about: no class of the name that is asked for
import torch
import torch.nn as nn


class Softmax(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1)
