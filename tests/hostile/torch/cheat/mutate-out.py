# expect: contract crash tamper wrong
# target: softmax
# about: 1.5 its input is where its result is put, and what it gives back
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1, out=x.data)
