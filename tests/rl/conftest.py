from __future__ import annotations

import torch

# With another process on the machine, two threads wait for each other most of the time.
torch.set_num_threads(1)
