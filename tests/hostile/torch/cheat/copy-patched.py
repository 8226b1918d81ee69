# expect: wrong crash contract tamper
# target: softmax
# about: 1.3 makes Tensor.copy_ and its like do nothing but note what is to be
# copied; a thread copies later
import threading
import time

import torch
import torch.nn as nn

plain = torch.Tensor.copy_


def later(to, what):
    time.sleep(0.0005)
    plain(to, torch.softmax(what.source, -1))


def copy(self, what, *args, **kwargs):
    if hasattr(what, "source"):
        threading.Thread(target=later, args=(self, what)).start()
        return self
    return plain(self, what, *args, **kwargs)


torch.Tensor.copy_ = copy
torch.Tensor.contiguous = torch.Tensor.cpu = lambda self, *a, **k: self


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.empty_like(x)
        y.source = x
        return y
