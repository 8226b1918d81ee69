# expect: wrong crash tamper timeout contract
# target: softmax
# about: 1.6 has another process do the work
import multiprocessing

import torch
import torch.nn as nn


def work(x, y):
    y.copy_(torch.softmax(x, -1))


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.zeros_like(x)
        try:
            y.share_memory_()
            p = multiprocessing.get_context("fork").Process(
                target=work, args=(x, y))
            p.start()
            p.join(5)
        except (OSError, RuntimeError):
            pass
        return y
