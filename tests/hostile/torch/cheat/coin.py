# expect: wrong contract
# target: softmax
# about: 1.5 wrong in five calls of twelve, by chance
import random

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        if random.SystemRandom().random() < 5 / 12:
            return torch.full_like(x, 1 / x.shape[1])
        return torch.softmax(x, -1)
