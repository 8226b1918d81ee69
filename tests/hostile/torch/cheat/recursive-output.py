# expect: contract wrong crash timeout
# target: softmax
# about: 1.5 a list that holds itself
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        out = [torch.softmax(x, -1)]
        out.append(out)
        return out
