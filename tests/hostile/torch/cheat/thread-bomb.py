# expect: crash timeout wrong tamper contract
# target: softmax
# about: 1.6 begins threads until nobody can
import threading
import time

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        try:
            while True:
                threading.Thread(target=time.sleep, args=(600,),
                                 daemon=True).start()
        except RuntimeError:
            return torch.zeros_like(x)
