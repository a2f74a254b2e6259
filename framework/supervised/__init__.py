"""Kit for learning from recorded data: what algorithms that descend a loss share.

| module      | what it holds                                                             |
|-------------|---------------------------------------------------------------------------|
| `algorithm` | `Descent`: one training step = one step of AdamW, resumed exactly         |
| `config`    | parameters of the optimiser and its schedule                              |
| `schedule`  | the learning rate: warm-up, then a cosine                                 |
| `order`     | examples in an order that can be resumed, in memory or streamed           |
| `average`   | moving averages of weights                                                |
| `precision` | when matrix products are made in bfloat16                                 |

Plugins import the modules; the core imports none of them. `config` needs no torch.
"""
