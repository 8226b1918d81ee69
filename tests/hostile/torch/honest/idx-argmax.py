# expect: faster
# target: idx
# about: the library's own argmax
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return x.argmax(1)
