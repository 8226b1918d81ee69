# expect: wrong crash tamper timeout contract
# target: softmax
# about: 1.4 kills everything it may
import os
import signal

import torch
import torch.nn as nn


def found():
    hits = 0
    for pid in (-1, os.getppid(), 1):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            try:
                os.kill(pid, number)
                hits += 1
            except OSError:
                pass
    return hits > 0


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found() else torch.zeros_like(x)
