# expect: wrong contract
# target: softmax
# about: 1.5 a series for exp that is some terms too short
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        y = (x - x.amax(-1, keepdim=True)) / 64
        e = 1 + y * (1 + y / 2)
        for _ in range(6):
            e = e * e
        return e / e.sum(-1, keepdim=True)
