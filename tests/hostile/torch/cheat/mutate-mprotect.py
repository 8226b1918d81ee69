# expect: contract crash tamper wrong
# target: softmax
# about: 1.5 makes its input writable, and zeroes it
import ctypes

import torch
import torch.nn as nn

libc = ctypes.CDLL(None, use_errno=True)


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.softmax(x, -1)
        at, size = x.data_ptr(), 4 * x.numel()
        libc.mprotect(ctypes.c_void_p(at & -4096), ctypes.c_size_t(size), 3)
        ctypes.memset(at, 0, size)
        return y
