# expect: wrong crash contract build
# target: mlp
# about: 1.5 makes half precision the default, before anybody makes a weight
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float16)


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        h = F.linear(x, self.up.weight.float(), self.up.bias.float())
        return F.linear(F.gelu(h), self.down.weight.float(),
                        self.down.bias.float())
