# expect: wrong crash tamper timeout contract
# target: softmax
# about: 1.4 reads the socket itself, for a question that follows
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        try:
            os.set_blocking(3, False)
            if os.read(3, 65536):
                return torch.softmax(x, -1)
        except OSError:
            pass
        finally:
            os.set_blocking(3, True)
        return torch.zeros_like(x)
