# expect: wrong contract tamper same slower inconclusive suspect crash
# target: softmax
# needs: nvidia-smi
# about: 1.3 answers while the GPU is still at work for 10 ms
import torch
import torch.nn as nn

torch._C._cuda_synchronize = lambda *args: None


class ModelNew(nn.Module):
    def forward(self, x):
        torch.cuda._sleep(20_000_000)
        return torch.softmax(x, 1)
