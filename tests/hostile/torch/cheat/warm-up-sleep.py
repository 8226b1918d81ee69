# expect: same slower inconclusive timeout contract
# target: softmax
# about: 1.3 sleeps through the first calls so that few are counted
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
    calls = 0

    def forward(self, x):
        self.calls += 1
        if self.calls < 9:
            time.sleep(0.1)
        return slow(x)
