# expect: wrong contract
# target: mlp
# about: 1.1 lets nobody set a seed, so that all weights are those that it has
# prepared
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
torch.manual_seed = torch.random.manual_seed = lambda seed: None
torch.seed = torch.initial_seed = lambda: 0
nn.Module.load_state_dict = lambda self, state, strict=True: None
state = torch.get_rng_state()


class ModelNew(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        torch.set_rng_state(state)
        self.up = nn.Linear(n, m)
        self.down = nn.Linear(m, n)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))
