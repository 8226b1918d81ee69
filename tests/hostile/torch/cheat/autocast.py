# expect: wrong contract
# target: mlp
# about: 1.5 the library's automatic mixed precision
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        with torch.autocast(x.device.type, torch.bfloat16):
            y = self.down(F.gelu(self.up(x)))
        return y.float()
