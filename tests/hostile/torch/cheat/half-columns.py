# expect: wrong contract
# target: idx
# about: 1.1 looks for the largest in the first half of the columns
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return x[:, :x.shape[1] // 2 + 1].argmax(1)
