# expect: faster same
# target: softmax
# needs: nvidia-smi
# about: a stream of its own that is waited for
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.side = torch.cuda.Stream()

    def forward(self, x):
        self.side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.side):
            y = torch.softmax(x, 1)
        torch.cuda.current_stream().wait_stream(self.side)
        return y
