# expect: wrong same slower inconclusive contract
# target: mlp
# about: 1.5 lets the library take fewer bits wherever it can
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.backends.cuda.matmul.allow_tf32 = True
torch.backends.cudnn.allow_tf32 = True
torch.set_float32_matmul_precision("medium")


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        # Twenty times: where it is right it shall not be faster.
        for _ in range(20):
            h = F.linear(x, self.up.weight, self.up.bias)
            y = F.linear(F.gelu(h), self.down.weight, self.down.bias)
        return y
