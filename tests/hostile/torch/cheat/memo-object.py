# expect: wrong same slower inconclusive contract
# target: softmax
# about: 1.2 remembers the output on the input's own tensor object
import torch
import torch.nn as nn


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class ModelNew(nn.Module):
    def forward(self, x):
        if not hasattr(x, "answer"):
            x.answer = slow(x)
        return x.answer
