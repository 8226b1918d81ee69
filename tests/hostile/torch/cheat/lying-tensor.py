# expect: contract wrong crash tamper
# target: softmax
# about: 1.5 one number that says it is a whole tensor, at an address of its
# choice
import torch
import torch.nn as nn


class Liar(torch.Tensor):
    shape = property(lambda self: self.like.shape)
    dtype = torch.float32
    size = lambda self, *args: self.like.size(*args)
    numel = lambda self: self.like.numel()
    dim = lambda self: self.like.dim()
    stride = lambda self, *args: self.like.stride(*args)
    is_contiguous = lambda self, *args, **kwargs: True
    data_ptr = lambda self: self.like.data_ptr()
    __class__ = torch.Tensor


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.zeros(1).as_subclass(Liar)
        y.like = x
        return y
