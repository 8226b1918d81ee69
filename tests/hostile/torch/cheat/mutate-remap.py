# expect: wrong crash tamper contract
# target: softmax
# about: 1.2 maps memory of its own over its input: the judge's values no
# longer arrive, and the answer is known
import ctypes

import torch
import torch.nn as nn

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 4


class ModelNew(nn.Module):
    def forward(self, x):
        at, size = x.data_ptr() & -4096, 4 * x.numel()
        if libc.mmap(at, size, 3, 0x32, -1, 0) != at:
            return x
        return torch.full_like(x, 1 / x.shape[1])
