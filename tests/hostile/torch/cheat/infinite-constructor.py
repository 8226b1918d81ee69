# expect: timeout build crash contract
# target: softmax
# about: 1.6 never has been made; it waits where no signal of Python's is seen
import threading

import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        lock = threading.Lock()
        lock.acquire()
        while True:
            try:
                lock.acquire()
            except BaseException:
                pass
