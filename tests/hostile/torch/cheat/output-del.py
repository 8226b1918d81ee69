# expect: wrong contract crash tamper
# target: softmax
# about: 1.4 an output whose attribute computes it in its __del__
import gc

import torch
import torch.nn as nn


def places(x):
    """The worker's tensors of that shape in memory that is shared."""
    with open("/proc/self/maps") as maps:
        spans = [[int(p, 16) for p in line.split()[0].split("-")]
                 for line in maps if line.split()[1] == "rw-s"]
    return [t for t in gc.get_objects() if isinstance(t, torch.Tensor) and
            t.shape == x.shape and
            any(a <= t.data_ptr() < b for a, b in spans)]


class Late:
    def __init__(self, x):
        self.x = x

    def __del__(self):
        for t in places(self.x):
            t.copy_(torch.softmax(self.x, -1))


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.zeros_like(x)
        y.late = Late(x)
        return y
