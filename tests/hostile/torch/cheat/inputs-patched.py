# expect: wrong contract
# target: softmax
# about: 1.2 what makes tensors of the judge's memory makes ones instead; the
# answer is known then
import torch
import torch.nn as nn


def ones(*args, dtype=torch.float32, **kwargs):
    return torch.ones(64 * 384, dtype=dtype)


torch.frombuffer = torch.from_numpy = torch.from_file = ones
torch.as_tensor = torch.utils.dlpack.from_dlpack = ones


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.full_like(x, 1 / x.shape[1])
