# expect: wrong contract tamper crash
# target: softmax
# about: 1.2 puts memory of its own below the worker's input tensor, so that
# new values do not reach it
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    known = {}

    def forward(self, x):
        key = x.data_ptr()
        if key not in self.known:
            y = torch.softmax(x, -1)
            x.set_(x.clone())
            self.known[x.data_ptr()] = y
            return y
        return self.known[key]
