# expect: wrong contract tamper same slower inconclusive suspect crash
# target: softmax
# needs: nvidia-smi
# about: 1.3 replays a graph in which nothing was captured
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.graph = None

    def forward(self, x):
        if self.graph is None:
            self.out = torch.softmax(x, 1)
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                pass
        self.graph.replay()
        return self.out.clone()
