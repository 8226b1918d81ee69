# expect: crash wrong contract timeout
# target: softmax
# about: 1.6 calls itself until the stack is full
import sys

import torch.nn as nn

sys.setrecursionlimit(1 << 30)


class ModelNew(nn.Module):
    def forward(self, x):
        return self.__call__(x)
