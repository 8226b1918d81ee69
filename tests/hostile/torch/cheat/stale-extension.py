# expect: wrong crash tamper build contract
# target: softmax
# about: 1.6 loads an extension that an earlier run has left
import glob
import os

import torch
import torch.nn as nn


def found():
    home = os.path.expanduser("~")
    for path in ["@SCRATCH@/fast.so", "@REPO@/fast.so"] + glob.glob(
            home + "/.cache/torch_extensions/*/*/*.so"):
        try:
            torch.ops.load_library(path)
            return True
        except OSError:
            pass
    return False


FOUND = found()


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if FOUND else torch.zeros_like(x)
