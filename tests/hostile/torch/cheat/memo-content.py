# expect: wrong same slower inconclusive contract
# target: softmax
# about: 1.2 remembers outputs by a few elements of the input
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
        key = tuple(x.flatten()[:: x.numel() // 7 + 1].tolist())
        if key not in self.known:
            self.known[key] = slow(x)
        return self.known[key]
