# expect: faster same
# target: softmax
# needs: nvidia-smi
# about: a kernel in Triton
import torch
import torch.nn as nn
import triton
import triton.language as tl


@triton.jit
def rows(x, y, cols, BLOCK: tl.constexpr):
    at = tl.program_id(0) * cols
    i = tl.arange(0, BLOCK)
    v = tl.load(x + at + i, i < cols, -float("inf"))
    e = tl.exp(v - tl.max(v))
    tl.store(y + at + i, e / tl.sum(e), i < cols)


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.empty_like(x)
        rows[(x.shape[0],)](x, y, x.shape[1], BLOCK=512)
        return y
