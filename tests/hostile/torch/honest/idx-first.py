# expect: faster
# target: idx
# about: the largest value, then the first place that holds it
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        place = torch.arange(x.shape[1], device=x.device)
        best = x.amax(1, keepdim=True)
        return torch.where(x == best, place, x.shape[1]).amin(1)
