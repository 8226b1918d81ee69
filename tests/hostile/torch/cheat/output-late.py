# expect: wrong contract crash tamper
# target: softmax
# about: 1.4 gives back nothing, and writes into the judge's memory when the
# worker drops it: a finaliser
import gc
import weakref

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


def late(x):
    for t in places(x):
        t.copy_(torch.softmax(x, -1))


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.zeros_like(x)
        weakref.finalize(y, late, x)
        return y
