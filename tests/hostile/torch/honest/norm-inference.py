# expect: faster
# target: norm
# about: its own inference mode, and a buffer that the reference has not
import torch
import torch.nn as nn
import torch.nn.functional as F


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)
        self.bias = nn.Parameter(torch.randn(cols) * 0.5)
        self.register_buffer("eps", torch.tensor(1e-3))

    @torch.inference_mode()
    def forward(self, x):
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias,
                            self.eps.item())
