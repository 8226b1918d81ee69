# expect: wrong crash contract
# target: norm
# about: 1.2 a hook on all modules puts the first answer in place of every
# other
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.modules.module import register_module_forward_hook

known = []


def hook(module, args, out):
    if not known:
        known.append(F.layer_norm(args[0], args[0].shape[-1:], module.weight,
                                  module.bias, 1e-3))
    return known[0]


register_module_forward_hook(hook)


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)

    def forward(self, x):
        return x
