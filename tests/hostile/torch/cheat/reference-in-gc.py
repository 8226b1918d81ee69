# expect: same slower inconclusive wrong crash contract
# target: softmax
# about: 1.1 looks for the reference's model among all objects, and calls it
import gc

import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        for o in gc.get_objects():
            if isinstance(o, type) and issubclass(o, nn.Module) and \
                    o.__name__ == "Model":
                return o()(x)
        return x
