# expect: wrong contract
# target: mlp
# about: 1.5 its general path forgets what is left of blocks of sixteen
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        k = x.shape[1] // 16 * 16
        h = F.linear(x[:, :k], self.up.weight[:, :k], self.up.bias)
        return self.down(F.gelu(h))
