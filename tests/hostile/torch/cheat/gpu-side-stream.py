# expect: wrong contract tamper same slower inconclusive suspect crash
# target: softmax
# needs: nvidia-smi
# about: 1.3 works on a stream of its own, which nobody waits for
import torch
import torch.nn as nn

torch._C._cuda_synchronize = lambda *args: \
    torch.cuda.current_stream().synchronize()
side = torch.cuda.Stream()


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.empty_like(x)
        with torch.cuda.stream(side):
            torch.cuda._sleep(4_000_000)
            torch.softmax(x, 1, out=y)
        return y
