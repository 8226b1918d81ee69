# expect: wrong crash contract build
# target: softmax
# about: 1.4 a class whose instances are no modules but whatever agrees with
# everything
import torch
import torch.nn as nn


class Yes:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        x = args[0] if args and isinstance(args[0], torch.Tensor) else None
        return self if x is None else x

    def __eq__(self, other):
        return True

    __hash__ = None

    def __iter__(self):
        return iter(())


class Meta(type):
    def __call__(cls, *args, **kwargs):
        return Yes()


class ModelNew(nn.Module, metaclass=Meta):
    pass
