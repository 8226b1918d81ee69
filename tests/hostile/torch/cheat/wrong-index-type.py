# expect: contract wrong
# target: idx
# about: 1.5 indices of half the size
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return x.argmax(1).to(torch.int32)
