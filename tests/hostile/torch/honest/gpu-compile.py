# expect: faster same
# target: softmax
# needs: nvidia-smi
# about: torch.compile
import torch
import torch.nn as nn


@torch.compile
def softmax(x):
    e = torch.exp(x - x.amax(1, keepdim=True))
    return e / e.sum(1, keepdim=True)


class ModelNew(nn.Module):
    def forward(self, x):
        return softmax(x)
