# expect: crash timeout wrong contract
# target: softmax
# about: 1.6 takes memory until there is none
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        kept = []
        while True:
            kept.append(torch.ones(1 << 26))
