# expect: tamper crash timeout contract
# target: softmax
# about: 1.4 closes what it did not open
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        os.closerange(0, 256)
        return torch.softmax(x, -1)
