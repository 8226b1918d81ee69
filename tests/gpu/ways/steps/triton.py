"""A Triton kernel: a row a block."""
import torch
import torch.nn as nn
import triton
import triton.language as tl


@triton.jit
def gated(x, gate, weight, y, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    total = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, cols, BLOCK):
        i = start + tl.arange(0, BLOCK)
        v = tl.load(x + row * cols + i, i < cols, 0.0)
        total += v * v
    scale = tl.rsqrt(tl.sum(total) / cols + 1e-6)
    for start in range(0, cols, BLOCK):
        i = start + tl.arange(0, BLOCK)
        v = tl.load(x + row * cols + i, i < cols, 0.0)
        w = tl.load(weight + i, i < cols, 0.0)
        g = tl.load(gate + row * cols + i, i < cols, 0.0)
        tl.store(y + row * cols + i, v * scale * w / (1 + tl.exp(-g)),
                 i < cols)


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)

    def forward(self, x, gate):
        y = torch.empty_like(x)
        gated[(x.shape[0],)](x, gate, self.weight, y, x.shape[1], BLOCK=1024)
        return y
