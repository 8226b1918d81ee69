# expect: crash tamper wrong contract
# target: softmax
# about: 1.6 becomes another program
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        for path in ("/usr/bin/yes", "/bin/sh", "/proc/self/exe"):
            try:
                os.execv(path, [path, "faster"])
            except OSError:
                pass
        return torch.zeros_like(x)
