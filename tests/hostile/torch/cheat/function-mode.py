# expect: wrong crash contract tamper
# target: softmax
# about: 1.3 a mode for all of the library's functions, entered for good, in
# which nothing is copied
import torch
import torch.nn as nn
from torch.overrides import TorchFunctionMode

NAMES = {"copy_", "contiguous", "clone", "numpy", "to", "cpu"}


class Skip(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        if getattr(func, "__name__", "") in NAMES:
            return args[0]
        return func(*args, **(kwargs or {}))


mode = Skip()
mode.__enter__()


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.empty_like(x)
