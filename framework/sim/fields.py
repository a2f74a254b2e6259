"""Model fields that differ between simulations: by name, with derived constants, saved exactly."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from framework.errors import UserError, did_you_mean
from framework.sim.arrays import Ids, State
from framework.sim.engine import MODEL_FIELDS, SimulationError, mujoco

#: How objects are called by the first word of their fields' names.
_KINDS = {
    "actuator": "actuator", "body": "body", "cam": "camera", "dof": "joint", "eq": "equality", "geom": "geom",
    "jnt": "joint", "light": "light", "mat": "material", "pair": "pair", "site": "site", "tendon": "tendon",
}  # fmt: skip
_PREFIX = "field/"


@dataclass(frozen=True)
class Field:
    """Some numbers of a model, to read and write in each simulation.

    Attributes:
        name: of the `MjModel` array, "geom_friction"; of an option, "opt.gravity".
        of: the objects, by name or index; for `dof_` fields the joints. Empty for all.
        at: which number of each object's row: 0 of `geom_friction` for sliding. None for all.
        power: what a factor is raised to before it scales these numbers: 2 for the inertia of
            a body whose lengths are scaled.

    MuJoCo takes the larger friction of two geoms that touch: lower both, or nothing changes.
    """

    name: str
    of: str | int | tuple[str | int, ...] = ()
    at: int | None = None
    power: float = 1.0


def mass(body: str) -> tuple[Field, ...]:
    """Fields that a factor on the mass of a body scales: its inertia too."""
    return Field("body_mass", body), Field("body_inertia", body)


def size(model: Any, body: str) -> tuple[Field, ...]:
    """Fields that a factor on the lengths of a body scales, at the same mass.

    MuJoCo does not derive the inertia from a changed `geom_size`.

    Raises:
        UserError: no such body, or one with meshes, whose vertices all simulations share.
    """
    (number,) = _rows(model, Field("body_mass", body))
    geoms = tuple(int(i) for i in np.flatnonzero(model.geom_bodyid == number))
    if (model.geom_dataid[list(geoms)] >= 0).any():
        raise UserError(f"body {body!r} has meshes, whose size cannot differ between simulations")
    shape = (Field("geom_size", geoms), Field("geom_pos", geoms)) if geoms else ()
    return (*shape, Field("body_ipos", body), Field("body_inertia", body, power=2))


class Fields:
    """The fields of one `Batch`; see `World.fields`.

    What `mj_setConst` derives from a written field follows before the simulation is next
    stepped or looked at. An environment that writes into `Batch.expand` itself has to call
    `Batch.set_const` itself, as ever.
    """

    def __init__(self, batch: Any) -> None:
        self._batch = batch
        self._places: dict[Field, Ids] = {}
        self._stale = np.zeros(batch.nsim, np.bool_)
        self._checked = False

    def places(self, field: Field) -> Ids:
        """Indices of a field's numbers in the flattened array of the model, `(k,)`.

        Raises:
            UserError: no such field, object or number in the row.
        """
        if field not in self._places:
            self._places[field] = _places(self._batch.model, field)
        return self._places[field]

    def objects(self, field: Field) -> Ids:
        """Which object each of a field's numbers belongs to, counted from 0: `(k,)`."""
        shape = self.shared(field.name).shape
        row = 1 if field.name.startswith("opt.") else int(np.prod(shape[1:]))
        return np.unique(self.places(field) // row, return_inverse=True)[1]

    def shared(self, name: str) -> NDArray[Any]:
        """What the model itself has in an array or option."""
        return _array(self._batch.model, name)

    def read(self, field: Field) -> NDArray[Any]:
        """What each simulation has, `(simulations, k)`; a copy."""
        return self._read(field.name, self.places(field), np.arange(self._batch.nsim))

    def write(self, field: Field, values: ArrayLike, ids: Ids | None = None) -> None:
        """Give simulations `ids` (all by default) values that broadcast to `(len(ids), k)`.

        Raises:
            UserError: no such field, or one that cannot differ between simulations.
        """
        rows = np.arange(self._batch.nsim) if ids is None else ids
        self.write_at(field.name, self.places(field), values, rows)

    def write_at(self, name: str, places: Ids, values: ArrayLike, ids: Ids) -> None:
        """Like `write`, at `places`. Writing what is there already costs nothing later."""
        changed = (self._read(name, places, ids) != values).any(axis=1)
        if not changed.any():
            return
        try:
            array = self._batch.expand(name)
        except (ValueError, mujoco.FatalError) as error:
            raise UserError(f"{name} cannot differ between simulations: {error}") from error
        array.reshape(self._batch.nsim, -1)[np.ix_(ids, places)] = values
        if _derives(name):
            self._stale[ids[changed]] = True

    def _read(self, name: str, places: Ids, ids: Ids) -> NDArray[Any]:
        values = self._batch.expanded(name)
        if values is None:
            return np.tile(self.shared(name).ravel()[places], (len(ids), 1))
        return np.asarray(values.reshape(len(values), -1)[np.ix_(ids, places)])

    def settle(self) -> None:
        """Derive what follows from the fields written since the last call.

        Raises:
            UserError: MuJoCo refuses the values, or would undo what was edited in the model.
        """
        if not self._stale.any():
            return
        if not self._checked:
            _check_derived(self._batch.model)
            self._checked = True
        try:
            self._batch.set_const(np.flatnonzero(self._stale))
        except SimulationError as error:
            hint = "\n  in XML: <body simple='false'>; in an MjSpec: body.simple = 0"
            raise UserError(
                f"MuJoCo refuses the model fields of a simulation: {error}{hint * ('simple' in str(error))}"
            ) from error
        self._stale[:] = False

    def get_state(self) -> State:
        """Every field in which a simulation differs from the model, whoever wrote it; copies."""
        self.settle()
        state = {}
        for name in sorted(MODEL_FIELDS):
            values = self._batch.expanded(name)
            if values is not None and values.tobytes() != self._template(name, values).tobytes():
                state[_PREFIX + name] = values.copy()
        return state

    def set_state(self, state: State) -> None:
        """Continue from what `get_state` returned; fields that it lacks get the model's values.

        Raises:
            UserError: a field that this model does not have in this shape.
        """
        saved = {name.removeprefix(_PREFIX): state[name] for name in state if name.startswith(_PREFIX)}
        for name, values in saved.items():
            if name not in MODEL_FIELDS or self._batch.expand(name).shape != values.shape:
                raise UserError(f"this is not a state of this model: {name} is {values.shape}")
        if self._restore(saved):
            # Switches without a name, such as whether any body compensates gravity, are derived
            # too. Then again what was saved, in case it was never derived.
            self._batch.set_const()
            self._restore(saved)
        self._stale[:] = False

    def _restore(self, saved: State) -> bool:
        """Write the saved fields; whether others have to be derived from one of them."""
        derives = False
        for name in MODEL_FIELDS:
            if name in saved or self._batch.expanded(name) is not None:
                values = self._batch.expand(name)
                values[...] = saved.get(name, self._template(name, values))
                derives = derives or _derives(name)
        return derives

    def _template(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        # The rows of bvh_aabb are only the first of the model's.
        shared = self.shared(name).astype(values.dtype)
        return np.broadcast_to(shared[: values.shape[1]] if shared.ndim else shared, values.shape)


def _array(model: Any, name: str) -> NDArray[Any]:
    owner, name = (model.opt, name[4:]) if name.startswith("opt.") else (model, name)
    return np.asarray(getattr(owner, name))


def _derives(name: str) -> bool:
    # No constant depends on the timestep, which may change in every step.
    return (name.startswith("opt.") and name != "opt.timestep") or name in mujoco.MjModel._setconst_inputs


def _places(model: Any, field: Field) -> Ids:
    if field.name not in MODEL_FIELDS:
        hint = did_you_mean(field.name, MODEL_FIELDS)
        raise UserError(
            f"MuJoCo has no model field {field.name!r} that can differ between simulations"
            + f"\n  {hint}" * bool(hint)
        )
    array = _array(model, field.name)
    places: NDArray[Any] = np.arange(array.size).reshape(array.shape)
    if field.of != ():
        places = places[_rows(model, field)]
    if field.at is not None:
        row = places.shape[-1] if places.ndim else 0
        if not 0 <= field.at < row:
            raise UserError(f"{field.name} has rows of {row} numbers, so none at {field.at}")
        places = places[..., field.at]
    return places.ravel()


def _rows(model: Any, field: Field) -> list[int]:
    kind = _KINDS.get(field.name.split("_")[0])
    if kind is None:
        raise UserError(f"{field.name} has no named objects, so `of` has to be empty")
    rows: list[int] = []
    for key in field.of if isinstance(field.of, tuple) else (field.of,):
        try:
            number = getattr(model, kind)(key).id
        except (KeyError, IndexError) as error:
            raise UserError(f"no {kind} {key!r} for {field.name}: {error.args[0]}") from error
        of_joint = field.name.startswith("dof_")
        rows += np.flatnonzero(model.dof_jntid == number).tolist() if of_joint else [number]
    return rows


def _check_derived(model: Any) -> None:
    """Refuse a model in which deriving constants changes what nobody wrote."""
    again = copy.copy(model)
    mujoco.mj_setConst(again, mujoco.MjData(again))
    arrays = {name: (_array(model, name), _array(again, name)) for name in MODEL_FIELDS}
    changed = sorted(name for name, (old, new) in arrays.items() if old.tobytes() != new.tobytes())
    if changed:
        raise UserError(
            f"the model was edited after it was compiled, and mj_setConst would change {', '.join(changed)}\n"
            "  call mj_setConst after the edit; for the pose of a weld set eq_data[:, 11] = 0"
        )
