# expect: wrong crash contract tamper
# target: softmax
# about: 1.3 copies an answer when the next question has come
import torch
import torch.nn as nn

plain = torch.Tensor.copy_
waiting = []


def copy(self, what, *args, **kwargs):
    if hasattr(what, "source"):
        waiting.append((self, what.source.clone()))
        return self
    return plain(self, what, *args, **kwargs)


torch.Tensor.copy_ = copy


class ModelNew(nn.Module):
    def forward(self, x):
        while waiting:
            to, source = waiting.pop()
            plain(to, torch.softmax(source, -1))
        y = torch.empty_like(x)
        y.source = x
        return y
