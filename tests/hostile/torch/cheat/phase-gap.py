# expect: wrong same slower inconclusive contract
# target: softmax
# about: 1.2 takes calls that follow each other quickly for the timed ones
import time

import torch
import torch.nn as nn


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class ModelNew(nn.Module):
    at = 0.0

    def forward(self, x):
        now = time.monotonic()
        if now - self.at > 0.001:
            self.last = slow(x)
        self.at = time.monotonic()
        return self.last
