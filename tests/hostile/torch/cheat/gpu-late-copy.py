# expect: wrong contract tamper same slower inconclusive suspect crash
# target: softmax
# needs: nvidia-smi
# about: 1.3 gives back what is right, and finds the place of the output to
# write it there once more, late
import gc

import torch
import torch.nn as nn

torch._C._cuda_synchronize = lambda *args: \
    torch.cuda.current_stream().synchronize()
side = torch.cuda.Stream()


def outputs(x):
    return [t for t in gc.get_objects() if type(t) is torch.Tensor and
            t.is_cuda and t.shape == x.shape and t.data_ptr() != x.data_ptr()]


class ModelNew(nn.Module):
    def forward(self, x):
        places = outputs(x)
        with torch.cuda.stream(side):
            torch.cuda._sleep(4_000_000)
            y = torch.softmax(x, 1)
            for t in places:
                t.copy_(y)
        return places[0] if places else y
