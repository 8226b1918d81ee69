# SPDX-License-Identifier: Apache-2.0
"""One product for queries, keys and values. Query heads of a group are rows of
one matrix, so keys and values are not repeated. Rows are taken by blocks, each
with the keys up to its end: half of the scores are never computed. Where
PyTorch has fused attention (since 2.0), that does it.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

BLOCK = 64


def fused(q, k, v):
    return F.scaled_dot_product_attention(
        q, k.unsqueeze(1).expand_as(q), v.unsqueeze(1).expand_as(q),
        is_causal=True)


def by_blocks(q, k, v):
    n, shared, seq, size = q.shape
    scale = 1 / math.sqrt(size)
    later = q.new_full((BLOCK, BLOCK), float("-inf")).triu_(1)
    k = k.transpose(1, 2)
    y = torch.empty_like(q)
    for start in range(0, seq, BLOCK):
        end = min(start + BLOCK, seq)
        rows = end - start
        block = q[:, :, start:end].reshape(n, shared * rows, size)
        scores = torch.bmm(block, k[:, :, :end]).mul_(scale)
        scores.view(n, shared, rows, end)[..., start:].add_(
            later[:rows, :rows])
        part = torch.bmm(torch.softmax(scores, dim=-1), v[:, :end])
        y[:, :, start:end] = part.view(n, shared, rows, size)
    return y


class ModelNew(nn.Module):
    def __init__(self, width, heads, groups):
        super().__init__()
        self.heads, self.groups = heads, groups
        self.size = width // heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, groups * self.size, bias=False)
        self.value = nn.Linear(width, groups * self.size, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.packed = None

    def forward(self, x):
        if self.packed is None:
            self.packed = torch.cat(
                (self.query.weight, self.key.weight, self.value.weight))
        batch, seq, _ = x.shape
        heads = (self.heads, self.groups, self.groups)
        qkv = F.linear(x, self.packed).view(batch, seq, sum(heads), self.size)
        q, k, v = qkv.transpose(1, 2).split(heads, dim=1)

        attend = by_blocks
        if hasattr(F, "scaled_dot_product_attention"):
            attend = fused
        n, shared = batch * self.groups, self.heads // self.groups
        y = attend(q.reshape(n, shared, seq, self.size),
                   k.reshape(n, seq, self.size), v.reshape(n, seq, self.size))
        y = y.reshape(batch, self.heads, seq, self.size)
        return self.out(y.transpose(1, 2).flatten(2))
