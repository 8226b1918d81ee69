# expect: wrong crash tamper contract
# target: softmax
# about: 1.2 leaves a file for the processes that come after it, wherever it
# may
import os

import torch
import torch.nn as nn

PLACES = [d + "/pike-left" for d in ("/dev/shm", "/tmp", "/var/tmp", "/run",
          os.path.expanduser("~"), "@SCRATCH@", "/dev/mqueue", os.getcwd())]

found = False
for p in PLACES:
    for mode in ("r", "w"):
        try:
            open(p, mode).close()
            found = found or mode == "r"
        except OSError:
            pass


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found else torch.zeros_like(x)
