# expect: wrong contract
# target: idx
# about: 1.5 the largest after rounding: a place nearly as good
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return (x * 4).round().argmax(1)
