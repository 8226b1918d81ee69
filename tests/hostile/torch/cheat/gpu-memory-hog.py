# expect: wrong contract same slower inconclusive suspect crash build timeout
# target: softmax
# needs: nvidia-smi
# about: 4 takes all memory of the GPU, so that nobody else has any
import torch
import torch.nn as nn

taken = []


class ModelNew(nn.Module):
    def forward(self, x):
        try:
            while len(taken) < 4096:
                taken.append(torch.empty(1 << 28, dtype=torch.uint8,
                                         device=x.device))
        except torch.cuda.OutOfMemoryError:
            pass
        return torch.softmax(x, 1)
