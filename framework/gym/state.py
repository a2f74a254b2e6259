"""The whole state of one environment as bytes, whatever it is made of."""

from __future__ import annotations

import io
import itertools
import pickle
import sys
import types
import zlib
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils import EzPickle

from framework.building import unbound

# How a layer was made, not what became of it.
_CONSTRUCTION = frozenset(
    {"env", "spec", "_cached_spec", "_saved_kwargs", "_ezpickle_args", "_ezpickle_kwargs"}
)
# Code, and what draws: neither changes what happens next.
_CODE = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.ModuleType, type)
_DRAWING = ("pygame", "gymnasium.envs.mujoco.mujoco_rendering")


class UnsavableError(Exception):
    """Something in an environment that cannot be saved; the message names it."""


class Saved(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment whose state, that of every wrapper in it included, can be taken and put back.

    An environment that has `get_state()` and `set_state(state)` says itself what its state is: all
    that the future depends on, its random generator too. Of any other, and of every wrapper, it is
    the attributes, pickled together, MuJoCo's data in full among them.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self.layers: list[Any] = [self.env]
        while isinstance(self.layers[-1], gymnasium.Wrapper):
            self.layers.append(self.layers[-1].env)
        self.models = {
            (i, name): pickle.dumps(value)
            for i, layer in enumerate(self.layers)
            for name, value in vars(layer).items()
            if _is_mujoco(value, "MjModel")
        }

    def save(self) -> bytes | str:
        """The state, or why it cannot be saved: with an exception a worker process would end."""
        try:
            return zlib.compress(self._dump(self._attributes()), level=1)
        except Exception:
            return self._culprit()

    @property
    def saved(self) -> None:
        """Set it to what `save` returned, here or in another environment made alike."""

    @saved.setter
    def saved(self, state: bytes) -> None:
        for layer, values in zip(self.layers, _Unpickler(state, self).load(), strict=True):
            if _says_itself(layer):
                layer.set_state(values)
                continue
            for name in vars(layer).keys() - values.keys() - _CONSTRUCTION:
                delattr(layer, name)
            vars(layer).update(values)

    def _attributes(self) -> list[Any]:
        return [layer.get_state() if _says_itself(layer) else _kept(layer) for layer in self.layers]

    def _dump(self, value: Any) -> bytes:
        file = io.BytesIO()
        pickler = _Pickler(file, self)
        pickler.dump(value)
        pickler.check_views()
        return file.getvalue()

    def _culprit(self) -> str:
        """What it is that cannot be saved."""
        for layer in self.layers:
            if _says_itself(layer):
                parts: dict[str, Any] = {"get_state()": layer.get_state}
            else:
                parts = {name: partial(getattr, layer, name) for name in _kept(layer)}
            for name, part in parts.items():
                try:
                    self._dump(part())
                except Exception as error:
                    return f"{type(layer).__name__}.{name} cannot be saved: {_reason(error)}"
        try:
            self._dump(self._attributes())
        except Exception as error:
            return _reason(error)
        return "its state changes while it is saved"


class _Pickler(pickle.Pickler):
    """Leaves out what the restored environment has itself."""

    def __init__(self, file: io.BytesIO, environment: Saved) -> None:
        super().__init__(file, protocol=5)
        self._places = {id(layer): ("layer", i) for i, layer in enumerate(environment.layers)}
        self._own: dict[int, tuple[Any, ...]] = {}
        self._arrays: dict[int, np.ndarray[Any, Any]] = {}
        self._names: dict[int, str] = {}
        for i, layer in enumerate(environment.layers):
            for name, value in vars(layer).items():
                self._names[id(value)] = f"{type(layer).__name__}.{name}"
                made = environment.models.get((i, name))
                if _stays(value) or (made is not None and made == pickle.dumps(value)):
                    self._own[id(value)] = ("own", i, name)
                elif _is_mujoco(value, "MjData"):
                    self._own[id(value)] = ("data", i, name, pickle.dumps(value))

    def persistent_id(self, value: Any) -> Any:
        # By value: which texts and types are one object is chance, and equal states would not be equal.
        if isinstance(value, str):
            return value.encode("utf-8", "surrogatepass")
        if isinstance(value, np.dtype) and value.names is None:
            return ("dtype", value.str)
        if place := self._places.get(id(value)) or self._own.get(id(value)):
            return place
        if isinstance(value, (gymnasium.Env, EzPickle)):
            raise UnsavableError(f"it holds a {type(value).__name__}, of which pickle keeps no state")
        if isinstance(value, np.ndarray):
            if _belongs_elsewhere(value):
                raise UnsavableError("it holds a view of memory that belongs to another library")
            self._arrays[id(value)] = value
        return None

    def check_views(self) -> None:
        """Two arrays over the same memory would become two that know nothing of each other."""
        for one, other in itertools.combinations(self._arrays.values(), 2):
            if (one.base is not None or other.base is not None) and np.may_share_memory(one, other):
                names = (self._names.get(id(array), "an array") for array in (one, other))
                raise UnsavableError(f"{' and '.join(names)} are views of the same memory")


class _Unpickler(pickle.Unpickler):
    def __init__(self, state: bytes, environment: Saved) -> None:
        super().__init__(io.BytesIO(zlib.decompress(state)))
        self._layers = environment.layers

    def persistent_load(self, place: Any) -> Any:
        if isinstance(place, bytes):
            return sys.intern(place.decode("utf-8", "surrogatepass"))
        if place[0] == "dtype":
            return np.dtype(place[1])
        kind, i, *rest = place
        if kind == "layer":
            return self._layers[i]
        own = vars(self._layers[i]).get(rest[0])
        if kind == "data":  # in place: renderers, and views of its arrays, hold on to it
            data = pickle.loads(rest[1])
            sys.modules["mujoco"].mj_copyData(own, data.model, data)
        return own


def _says_itself(layer: Any) -> bool:
    """Whether it has `get_state()` and `set_state(state)`; MuJoCo's environments have another `set_state`."""
    take, put = (getattr(layer, name, None) for name in ("get_state", "set_state"))
    return callable(take) and callable(put) and not (unbound(take, (), {}) or unbound(put, (None,), {}))


def _kept(layer: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(layer).items() if name not in _CONSTRUCTION}


def _stays(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return _belongs_elsewhere(value)
    return isinstance(value, _CODE) or type(value).__module__.startswith(_DRAWING)


def _belongs_elsewhere(array: np.ndarray[Any, Any]) -> bool:
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base is not None and not isinstance(base, (bytes, bytearray, memoryview))


def _is_mujoco(value: Any, name: str) -> bool:
    mujoco = sys.modules.get("mujoco")
    return mujoco is not None and isinstance(value, getattr(mujoco, name))


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]
