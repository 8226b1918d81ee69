# expect: wrong contract crash
# target: softmax
# about: 1.4 looks through the worker's frames for a tensor that could be the
# answer
import sys

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        f = sys._getframe(1)
        while f:
            for v in list(f.f_locals.values()) + list(f.f_globals.values()):
                for t in v if isinstance(v, (list, tuple)) else [v]:
                    if isinstance(t, torch.Tensor) and t.shape == x.shape \
                            and t.data_ptr() != x.data_ptr():
                        return t
            f = f.f_back
        return torch.zeros_like(x)
