# expect: same slower inconclusive
# target: softmax
# about: the reference, written again
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        out = []
        for row in x:
            e = torch.exp(row - row.max())
            out.append(e / e.sum())
        return torch.stack(out)
