# expect: wrong contract tamper same slower inconclusive suspect crash
# target: softmax
# needs: nvidia-smi
# about: 1.3 the same for a quarter of a millisecond, less than a GPU gives
# to one process in a row
import torch
import torch.nn as nn

torch._C._cuda_synchronize = lambda *args: None


class ModelNew(nn.Module):
    def forward(self, x):
        torch.cuda._sleep(500_000)
        return torch.softmax(x, 1)
