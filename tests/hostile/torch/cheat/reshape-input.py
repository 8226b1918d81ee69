# expect: contract
# target: softmax
# about: 1.2 leaves the caller's tensor in another shape, values alike
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.softmax(x, -1)
        x.unsqueeze_(0)
        return y
