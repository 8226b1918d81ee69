# expect: same slower inconclusive tamper suspect crash contract
# target: softmax
# about: 1.3 patches what times and waits for GPUs, and the library's own
# benchmarks
import torch
import torch.nn as nn
import torch.utils.benchmark as benchmark

torch.cuda.synchronize = lambda *args, **kwargs: None
torch.cuda.Event.elapsed_time = lambda self, end: 1e-3
torch.cuda.Event.synchronize = lambda self: None
torch.cuda.Event.record = lambda self, stream=None: None
torch.cuda.Stream.synchronize = lambda self: None
torch.cuda.current_stream = lambda *args: None
torch.cuda.is_available = lambda: False
benchmark.Timer.timeit = lambda self, number=1: None
benchmark.Measurement.median = 1e-9


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class ModelNew(nn.Module):
    def forward(self, x):
        return slow(x)
