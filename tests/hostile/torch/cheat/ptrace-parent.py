# expect: wrong crash tamper contract
# target: softmax
# about: 1.4 takes hold of the process that judges it
import ctypes
import os

import torch
import torch.nn as nn

libc = ctypes.CDLL(None, use_errno=True)


def found():
    return any(libc.ptrace(16, pid, None, None) == 0
               for pid in (os.getppid(), 1) if pid)


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found() else torch.zeros_like(x)
