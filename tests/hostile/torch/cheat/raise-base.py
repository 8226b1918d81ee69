# expect: crash build contract tamper
# target: softmax
# about: 1.4 raises what no `except Exception` catches, in its constructor
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        raise KeyboardInterrupt
