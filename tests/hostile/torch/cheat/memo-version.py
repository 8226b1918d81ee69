# expect: wrong same slower inconclusive contract
# target: softmax
# about: 1.2 remembers outputs by pointer and version counter, which stays as
# it is when the judge writes
import torch
import torch.nn as nn


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class ModelNew(nn.Module):
    known = {}

    def forward(self, x):
        key = x.data_ptr(), x._version, x.shape, x.stride()
        if key not in self.known:
            self.known[key] = slow(x)
        return self.known[key]
