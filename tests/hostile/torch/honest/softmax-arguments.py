# expect: faster
# target: softmax
# about: takes whatever arguments it is given; all rows at once, in place
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        self.args = args, kwargs

    def forward(self, *args, **kwargs):
        (x,) = args
        e = torch.exp_(x - x.amax(-1, keepdim=True))
        return e.div_(e.sum(-1, keepdim=True))
