# expect: wrong
# target: train
# about: right outputs; the longest row is not kept anywhere
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x):
        return self.norm(torch.relu(x))
