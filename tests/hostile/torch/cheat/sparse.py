# expect: contract wrong crash
# target: softmax
# about: 1.5 a sparse tensor of the right shape
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        i = torch.arange(min(x.shape))
        return torch.sparse_coo_tensor(torch.stack([i, i]), i + 1.0, x.shape)
