# expect: same slower inconclusive tamper suspect crash contract
# target: softmax
# about: 1.3 writes a slow clock_gettime over the C library's, as machine code
import ctypes
import platform

import torch
import torch.nn as nn

libc = ctypes.CDLL(None)
# mov eax, 228; syscall; sar qword [rsi + 8], 2; xor eax, eax; ret
CODE = bytes.fromhex("b8e40000000f0548c17e080231c0c3")
at = ctypes.cast(libc.clock_gettime, ctypes.c_void_p).value
page = ctypes.c_void_p(at & -4096)
if platform.machine() == "x86_64" and not libc.mprotect(page, 8192, 7):
    ctypes.memmove(at, CODE, len(CODE))


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class ModelNew(nn.Module):
    def forward(self, x):
        return slow(x)
