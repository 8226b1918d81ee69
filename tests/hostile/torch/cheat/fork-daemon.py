# expect: wrong crash tamper timeout contract
# target: softmax
# about: 1.6 leaves a process behind that has a session of its own
import os
import time

import torch
import torch.nn as nn


def found():
    try:
        pid = os.fork()
    except OSError:
        return False
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os.waitpid(pid, 0)
    return True


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found() else torch.zeros_like(x)
