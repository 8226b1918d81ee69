# expect: faster same
# target: softmax
# about: gives back another order of the same elements in memory
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x.t().contiguous(), 0).t()
