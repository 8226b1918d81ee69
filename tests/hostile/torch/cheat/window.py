# expect: wrong contract
# target: scan
# about: 1.1 the last sixteen steps decide nearly everything, so it looks at no
# others
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.rate = nn.Parameter(torch.randn(channels))
        self.gain = nn.Parameter(torch.rand(channels) + 0.5)

    def forward(self, x):
        c = x.shape[2]
        ago = torch.arange(15, -1, -1, device=x.device)
        kernel = self.gain[:, None] * torch.sigmoid(self.rate)[:, None] ** ago
        x = F.pad(x.transpose(1, 2), (15, 0))
        y = F.conv1d(x, kernel[:, None], groups=c)
        return y.transpose(1, 2).contiguous()
