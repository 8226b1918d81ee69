# expect: wrong contract
# target: softmax
# about: 1.5 wrong in one call of eight, in one row
import random

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.softmax(x, -1)
        if random.SystemRandom().randrange(8) == 0:
            y[-1] = y[0]
        return y
