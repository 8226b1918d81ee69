# expect: wrong crash timeout tamper contract
# target: softmax
# about: 1.6 forks without end
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        for _ in range(1 << 16):
            try:
                os.fork()
            except OSError:
                break
        return torch.zeros_like(x)
