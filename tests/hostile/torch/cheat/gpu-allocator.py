# expect: wrong contract tamper same slower inconclusive suspect crash
# target: softmax
# needs: nvidia-smi
# about: 1.2 gives back memory that an earlier result lay in
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.done = False

    def forward(self, x):
        if not self.done:
            y = torch.softmax(x, 1)
            del y
            self.done = True
        return torch.empty_like(x)
