# expect: wrong contract tamper crash
# target: softmax
# about: 1.4 a thread that writes into the judge's memory when the answer is
# out
import gc
import threading
import time

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


def late(x, y):
    time.sleep(0.0005)
    torch.softmax(x, -1, out=y)
    for t in places(x):
        t.copy_(y)


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.zeros_like(x)
        threading.Thread(target=late, args=(x, torch.zeros_like(x))).start()
        return y
