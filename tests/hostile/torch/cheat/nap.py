# expect: same slower inconclusive contract
# target: softmax
# about: 1.3 sleeps in every call, since only the processor's time may count
import time

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        time.sleep(0.002)
        return torch.softmax(x, -1)
