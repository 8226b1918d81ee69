# expect: contract wrong crash
# target: softmax
# about: 1.5 a tensor with a shape, a type and nothing in it
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.empty_like(x, device="meta")
