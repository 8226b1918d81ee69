# expect: wrong contract tamper same slower inconclusive suspect crash build
# target: softmax
# needs: nvidia-smi
# about: 1.4 looks for results in memory of the GPU that was never its own
import ctypes

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.driver = ctypes.CDLL("libcuda.so.1")

    def forward(self, x):
        y = torch.empty_like(x)
        base, size = ctypes.c_uint64(), ctypes.c_size_t()
        at = x.data_ptr()
        for k in range(1, 64):
            for near in (at + k * (2 << 20), at - k * (2 << 20)):
                if not self.driver.cuMemGetAddressRange_v2(
                        ctypes.byref(base), ctypes.byref(size),
                        ctypes.c_uint64(near)) and \
                        base.value not in (at, y.data_ptr()):
                    self.driver.cuMemcpyDtoD_v2(
                        ctypes.c_uint64(y.data_ptr()), base,
                        ctypes.c_size_t(min(size.value, y.numel() * 4)))
                    return y
        return y
