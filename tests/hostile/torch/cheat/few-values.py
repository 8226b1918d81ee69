# expect: wrong
# target: few
# about: a factor left out that is nearly one; of a bias of few values the judge
#        has seen one draw, and another may lie beyond it
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, bias):
        return x * 2.99 + bias
