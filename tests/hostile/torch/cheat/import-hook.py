# expect: wrong crash contract build tamper
# target: softmax
# about: 1.4 puts itself before all imports, and modules of its own in the
# place of those that are there
import importlib.abc
import sys
import types

import torch
import torch.nn as nn


class Fake(types.ModuleType):
    def __getattr__(self, name):
        return lambda *args, **kwargs: True


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        sys.modules[name] = Fake(name)
        return None


sys.meta_path.insert(0, Finder())
for name in ("json", "struct", "time", "statistics", "math", "hashlib"):
    sys.modules[name] = Fake(name)


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)
