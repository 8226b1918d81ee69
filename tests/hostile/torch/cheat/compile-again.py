# expect: build
# target: softmax
# needs: ninja
# about: 1.6 compiles under another name in each process: what is timed was
# never built
import os

import torch
import torch.nn as nn
from torch.utils.cpp_extension import load_inline

own = load_inline(name="again%d" % (os.getpid() + int.from_bytes(
    os.urandom(3), "little")), functions=["one"], cpp_sources="""
torch::Tensor one(torch::Tensor x) { return at::softmax(x, -1); }
""")


class ModelNew(nn.Module):
    def forward(self, x):
        return own.one(x)
