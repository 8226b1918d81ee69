# expect: wrong contract
# target: mlp
# about: 1.1 draws only zeros for weights, the reference's too; then the answer
# is zero
import torch
import torch.nn as nn


def nothing(t, *args, **kwargs):
    with torch.no_grad():
        return t.zero_()


for name in ("uniform_", "normal_", "kaiming_uniform_", "xavier_uniform_"):
    setattr(nn.init, name, nothing)
nn.Linear.reset_parameters = lambda self: (nothing(self.weight),
                                           nothing(self.bias))


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        return torch.zeros_like(x)
