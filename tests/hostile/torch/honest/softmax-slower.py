# expect: slower inconclusive
# target: softmax
# about: right, and no faster: everything twice, in double precision
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        for _ in range(2):
            out = []
            for row in x.double():
                e = torch.exp(row - row.max())
                out.append(e / e.sum())
        return torch.stack(out).float()
