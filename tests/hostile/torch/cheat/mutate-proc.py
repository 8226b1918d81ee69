# expect: wrong crash tamper contract
# target: softmax
# about: 1.5 writes over its input through /proc/self/mem, which asks no page
# for leave
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.softmax(x, -1)
        try:
            with open("/proc/self/mem", "r+b", 0) as mem:
                mem.seek(x.data_ptr())
                mem.write(bytes(4 * x.numel()))
        except OSError:
            return torch.zeros_like(x)
        return y
