# expect: wrong
# target: train
# about: the buffer is right after the first call and left alone later
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)
        self.register_buffer("longest", torch.zeros(1))
        self.seen = 0

    def forward(self, x):
        h = torch.relu(x)
        if self.seen < 8:
            self.longest.copy_(torch.maximum(self.longest,
                                             h.norm(dim=1).max()))
        self.seen += 1
        return self.norm(h)
