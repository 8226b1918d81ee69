# expect: wrong crash tamper contract
# target: softmax
# about: 1.6 asks for a user namespace, in which it would be root
import ctypes

import torch
import torch.nn as nn

libc = ctypes.CDLL(None, use_errno=True)
FOUND = libc.unshare(0x10000000) == 0


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if FOUND else torch.zeros_like(x)
