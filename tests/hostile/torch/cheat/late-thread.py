# expect: wrong crash contract tamper
# target: softmax
# about: 1.3 a thread that does the work after the call has returned
import threading
import time

import torch
import torch.nn as nn


def work(x, y):
    time.sleep(0.0005)
    torch.softmax(x, -1, out=y)


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.empty_like(x)
        threading.Thread(target=work, args=(x, y)).start()
        return y
