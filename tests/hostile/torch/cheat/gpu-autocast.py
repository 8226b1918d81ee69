# expect: wrong contract tamper same slower inconclusive suspect crash
# target: mlp
# needs: nvidia-smi
# about: 1.5 products of 16 bits on the tensor cores
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        with torch.autocast("cuda", dtype=torch.float16):
            return self.down(F.gelu(self.up(x))).float()
