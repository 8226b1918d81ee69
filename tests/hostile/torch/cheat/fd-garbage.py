# expect: tamper crash wrong timeout contract
# target: softmax
# about: 1.4 writes noise to all that is open
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        for fd in range(256):
            try:
                os.set_blocking(fd, False)
                os.write(fd, os.urandom(4096))
            except OSError:
                pass
        return torch.softmax(x, -1)
