"""An algorithm around another: curricula, domain randomisation, whatever looks on and steers."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl

_HOOKS = [
    name
    for name in dir(pl.LightningModule)
    if name.startswith(("on_", "configure_", "optimizer_", "lr_scheduler_", "transfer_batch"))
    or name.endswith(("_step", "_dataloader"))
    or name in ("backward", "prepare_data", "setup", "teardown")
]
_OFFERED = ("progress", "served", "play")


class Wrapper(pl.LightningModule):
    """Trains, saves, evaluates and plays as the algorithm it wraps, but where a subclass differs.

        class Curriculum(Wrapper):
            def __init__(self, environment, model, config):
                super().__init__(config.wrapped)  # a Part["algorithm"]
                self.environment = environment

            def training_step(self, batch, batch_idx):
                self.environment.set_parameters(self.next_task())
                return self.wrapped.training_step(batch, batch_idx)

    A subclass overrides what it will, and calls `self.wrapped.<method>` where this would have been
    called. What the wrapped algorithm logs is logged; an attribute that the wrapper does not have is
    the wrapped one's. A checkpoint's weights have the wrapped algorithm's names, as if it had been
    trained alone: a later stage may start from them with or without the wrapper.

    Args:
        wrapped: the algorithm.
    """

    def __init__(self, wrapped: pl.LightningModule) -> None:
        super().__init__()
        self.wrapped = wrapped
        self.automatic_optimization = wrapped.automatic_optimization
        # Set where the wrapped one has it: Lightning and the core act on what a module has.
        for name in _HOOKS:
            default = getattr(pl.LightningModule, name)
            has = name in vars(wrapped) or getattr(type(wrapped), name) is not default
            if has and getattr(type(self), name) is default and callable(default):
                setattr(self, name, getattr(wrapped, name))
        for name in _OFFERED:
            if hasattr(wrapped, name) and not hasattr(type(self), name):
                setattr(self, name, getattr(wrapped, name))
        wrapped.log = self._log_for_wrapped  # type: ignore[method-assign]
        self.register_state_dict_post_hook(_without_prefix)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_with_prefix)  # type: ignore[no-untyped-call]

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "wrapped":
                raise
            return getattr(self.wrapped, name)

    def _log_for_wrapped(self, *args: Any, **options: Any) -> None:
        # Lightning logs for the module it trains alone.
        self.log(*args, **options)


_PREFIX = "wrapped."


def _without_prefix(module: Wrapper, state: dict[str, Any], prefix: str, metadata: Any) -> None:
    for name in [name for name in state if name.startswith(prefix + _PREFIX)]:
        state[prefix + name.removeprefix(prefix + _PREFIX)] = state.pop(name)


def _with_prefix(module: Wrapper, state: dict[str, Any], prefix: str, *_: Any) -> None:
    for name in module.wrapped.state_dict():
        if prefix + name in state:
            state[prefix + _PREFIX + name] = state.pop(prefix + name)
