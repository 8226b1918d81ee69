# expect: timeout contract
# target: softmax
# about: 1.6 never returns
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        while True:
            pass
