# expect: crash tamper contract
# target: softmax
# about: 1.4 leaves by way of SystemExit, and prints a verdict when the
# interpreter ends
import atexit
import sys

import torch.nn as nn

atexit.register(print, '{"verdict":"faster","speedup":{"base":[9,9,9]}}')


class ModelNew(nn.Module):
    def forward(self, x):
        sys.exit(0)
