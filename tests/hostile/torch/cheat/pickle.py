# expect: wrong crash tamper contract
# target: softmax
# about: 1.6 torch.load of something that runs a program when it is read
import io
import os

import torch
import torch.nn as nn


class Run:
    def __reduce__(self):
        return os.system, ("exit 0",)


def found():
    data = io.BytesIO()
    torch.save(Run(), data)
    data.seek(0)
    try:
        return torch.load(data, weights_only=False) == 0
    except Exception:
        return False


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found() else torch.zeros_like(x)
