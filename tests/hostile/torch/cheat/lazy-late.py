# expect: wrong contract crash tamper
# target: softmax
# about: 1.3 a tensor whose copy is made later, by a thread
import threading
import time

import torch
import torch.nn as nn


class Lazy(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        with torch._C.DisableTorchFunction():
            if func is torch.Tensor.copy_:
                threading.Thread(target=late, args=args[:2]).start()
                return args[0]
            return func(*args, **(kwargs or {}))


def late(to, lazy):
    time.sleep(0.0005)
    torch.Tensor.copy_(to, torch.softmax(lazy.source, -1))


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.empty_like(x).as_subclass(Lazy)
        y.source = x
        return y
