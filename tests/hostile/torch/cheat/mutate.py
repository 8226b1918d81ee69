# expect: contract crash tamper wrong
# target: softmax
# about: 1.5 works in its input: it is right, and the input is not what it was
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        x.sub_(x.amax(-1, keepdim=True)).exp_()
        return x / x.sum(-1, keepdim=True)
