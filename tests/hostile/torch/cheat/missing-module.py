# expect: build crash contract
# target: softmax
# about: needs a module that is not there
import torch.nn as nn

import pike_fast_kernels


class ModelNew(nn.Module):
    def forward(self, x):
        return pike_fast_kernels.softmax(x)
