"""How an environment was built, so that another process can build it once more."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

_Call = tuple[Callable[..., Any], Sequence[Any], Mapping[str, Any]]
_origins: WeakKeyDictionary[Any, _Call] = WeakKeyDictionary()


def remember(built: Any, builder: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    """Note the call that built an environment."""
    _origins[built] = (builder, arguments, named)


def dumps(value: Any) -> bytes:
    """Pickle a value, also of classes and functions of the program's own file; `pickle.loads` reads it.

    An environment that the core has built goes as the call that built it, for simulators and their
    threads are no data; tensors of the CPU go as arrays, which is several times faster.

    Raises:
        Exception: something in it cannot be pickled.
    """
    import cloudpickle
    import torch

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, each: Any) -> Any:
            if type(each) is torch.Tensor and each.device.type == "cpu" and each.dtype != torch.bfloat16:
                return torch.from_numpy, (each.detach().numpy(),)
            if hasattr(type(each), "reset") and hasattr(type(each), "step") and each in _origins:
                return _build, _origins[each]
            return super().reducer_override(each)

    file = io.BytesIO()
    Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def _build(builder: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    built = builder(*arguments, **named)
    remember(built, builder, *arguments, **named)
    return built
