# expect: wrong contract same slower inconclusive suspect crash build timeout
# target: softmax
# needs: nvidia-smi
# about: 4 takes all memory of the GPU where it is read, before the base has any
import torch
import torch.nn as nn

taken = []
try:
    while torch.cuda.is_available() and len(taken) < 4096:
        taken.append(torch.empty(1 << 28, dtype=torch.uint8, device="cuda"))
except torch.cuda.OutOfMemoryError:
    pass
del taken[:2]


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, 1)
