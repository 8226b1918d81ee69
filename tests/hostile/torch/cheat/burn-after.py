# expect: same slower inconclusive tamper suspect crash wrong contract
# target: softmax
# about: 1.3 threads that rest while its own calls are timed and burn the cores
# while its rival's are
import threading

import torch
import torch.nn as nn

mine = threading.Event()


def burn():
    a = torch.rand(256, 256)
    while True:
        while not mine.is_set():
            torch.mm(a, a)
        mine.wait(0.001)


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class ModelNew(nn.Module):
    def forward(self, x):
        if not mine.is_set() and not hasattr(self, "begun"):
            self.begun = True
            for _ in range(2):
                threading.Thread(target=burn, daemon=True).start()
        mine.set()
        y = slow(x)
        mine.clear()
        return y
