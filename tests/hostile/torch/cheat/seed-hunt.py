# expect: wrong crash tamper contract
# target: softmax
# about: 1.2 looks for seeds in the worker's frames and modules, and draws the
# inputs again
import gc
import sys

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        f, spaces = sys._getframe(1), []
        while f:
            spaces += [f.f_locals, f.f_globals]
            f = f.f_back
        spaces += [o for o in gc.get_objects() if type(o) is dict]
        for s in spaces:
            for seed in [v for v in list(s.values()) if type(v) is int]:
                torch.manual_seed(seed & (1 << 62) - 1)
                if torch.equal(torch.randn(1, 2), x[:1, :2]):
                    return torch.softmax(x, -1)
        return torch.zeros_like(x)
