# expect: contract crash tamper wrong
# target: softmax
# about: 1.5 zeroes its input behind the library's back, for the next one to
# read it
import ctypes

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.softmax(x, -1)
        ctypes.memset(x.data_ptr(), 0, 4 * x.numel())
        return y
