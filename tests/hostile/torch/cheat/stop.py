# expect: timeout crash tamper wrong contract
# target: softmax
# about: 1.4 stops itself and waits to be forgotten
import os
import signal

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        os.kill(os.getpid(), signal.SIGSTOP)
        return torch.zeros_like(x)
