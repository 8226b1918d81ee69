# expect: wrong crash contract tamper same slower inconclusive
# target: softmax
# about: 1.3 a task of TorchScript's that nobody waits for
import torch
import torch.nn as nn


@torch.jit.script
def work(x, y):
    for k in range(x.size(0)):
        e = torch.exp(x[k] - x[k].max())
        y[k] = e / e.sum()
    return y


@torch.jit.script
def begin(x, y):
    torch.jit.fork(work, x, y)
    return y


class ModelNew(nn.Module):
    def forward(self, x):
        return begin(x, torch.zeros_like(x))
