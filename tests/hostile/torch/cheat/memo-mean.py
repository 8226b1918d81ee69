# expect: wrong contract
# target: softmax
# about: 1.2 remembers outputs by the mean of the input, to one digit
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    known = {}

    def forward(self, x):
        key = x.shape, round(float(x.mean()), 1)
        if key not in self.known:
            self.known[key] = torch.softmax(x, -1)
        return self.known[key]
