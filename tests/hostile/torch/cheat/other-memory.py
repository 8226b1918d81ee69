# expect: wrong crash tamper contract
# target: softmax
# about: 1.4 reads and writes the memory of other processes
import ctypes
import os

import torch
import torch.nn as nn

libc = ctypes.CDLL(None, use_errno=True)


def found():
    for pid in range(1, 400):
        if pid == os.getpid():
            continue
        try:
            os.close(os.open("/proc/%d/mem" % pid, os.O_RDWR))
            return True
        except OSError:
            pass
    here = ctypes.create_string_buffer(64)
    span = (ctypes.c_size_t * 2)(ctypes.addressof(here), 64)
    return libc.process_vm_readv(os.getppid(), span, 1, span, 1, 0) > 0


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found() else torch.zeros_like(x)
