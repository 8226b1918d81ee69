# expect: same slower inconclusive wrong contract crash
# target: softmax
# about: 1.3 a tensor that computes when somebody looks at it
import torch
import torch.nn as nn


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class Lazy(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        args = [slow(a.source) if type(a) is Lazy and "source" in a.__dict__
                and func not in QUICK else a for a in args]
        with torch._C.DisableTorchFunction():
            return func(*args, **(kwargs or {}))


QUICK = {torch.Tensor.shape.__get__, torch.Tensor.dtype.__get__,
         torch.Tensor.size, torch.Tensor.dim, torch.Tensor.numel}


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.empty_like(x).as_subclass(Lazy)
        y.source = x
        return y
