# expect: wrong crash contract tamper
# target: softmax
# about: 1.4 patches builtins that a worker might check with
import builtins

import torch
import torch.nn as nn

builtins.isinstance = lambda a, b: True
builtins.all = builtins.any = lambda a: True
builtins.len = lambda a: 1
builtins.abs = lambda a: 0


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)
