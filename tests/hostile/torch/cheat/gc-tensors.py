# expect: wrong contract crash
# target: softmax
# about: 1.4 looks among all tensors for one whose rows sum to one
import gc

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        for t in gc.get_objects():
            if isinstance(t, torch.Tensor) and t.shape == x.shape and \
                    t.data_ptr() != x.data_ptr() and \
                    torch.allclose(t.sum(-1), torch.ones(len(x))):
                return t
        return torch.zeros_like(x)
