# expect: timeout crash contract
# target: softmax
# about: 1.6 refuses all signals, then goes on for ever
import signal

import torch.nn as nn

for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


class ModelNew(nn.Module):
    def forward(self, x):
        while True:
            x = x + 1
