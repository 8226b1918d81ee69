# expect: wrong contract
# target: softmax
# needs: nvidia-smi
# about: 1.1 an output in the memory of the host
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, 1).cpu()
