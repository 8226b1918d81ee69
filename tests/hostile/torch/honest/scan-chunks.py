# expect: faster
# target: scan
# about: sixteen steps at a time by einsum, a state carried from chunk to chunk
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.rate = nn.Parameter(torch.randn(channels))
        self.gain = nn.Parameter(torch.rand(channels) + 0.5)

    def forward(self, x, size=16):
        batch, steps, channels = x.shape
        rate = torch.sigmoid(self.rate)
        t = torch.arange(size, device=x.device)
        ago = t[:, None] - t
        inside = rate ** ago.clamp(min=0)[..., None] * (ago >= 0)[..., None]
        carry = rate ** (t[:, None] + 1)
        x = F.pad(x * self.gain, (0, 0, 0, -steps % size))
        y = torch.einsum("tsc,bksc->bktc", inside,
                         x.view(batch, -1, size, channels))
        for k in range(1, y.shape[1]):
            y[:, k] += carry * y[:, k - 1, -1:]
        return y.reshape(batch, -1, channels)[:, :steps].contiguous()
