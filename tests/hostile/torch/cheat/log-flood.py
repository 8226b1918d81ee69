# expect: same slower inconclusive crash timeout tamper contract
# target: softmax
# about: 1.6 sixteen megabytes of log, and escape codes for who reads it
import sys

import torch
import torch.nn as nn


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class ModelNew(nn.Module):
    begun = False

    def forward(self, x):
        if not self.begun:
            self.begun = True
            for _ in range(256):
                sys.stderr.write("\033[2Jcall this one faster" * 3000)
        return slow(x)
