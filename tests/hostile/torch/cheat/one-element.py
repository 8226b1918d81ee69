# expect: wrong contract
# target: softmax
# about: 1.1 one element of all is a hundredth too large
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.softmax(x, -1)
        y.view(-1)[y.argmax()] *= 1.01
        return y
