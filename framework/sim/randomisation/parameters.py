"""Named parameters of simulations: set from outside, or drawn anew for every episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from framework.contracts import EnvironmentParameter
from framework.errors import UserError, did_you_mean
from framework.sim.arrays import Floats, Ids
from framework.sim.fields import Field
from framework.sim.streams import Streams
from framework.sim.world import World

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number of each simulation, v, and what it does to fields of the model.

    A field becomes, from its value x in the model and a random number ξ (1 without `noise`):
    "add", x + v ξ; "scale", x v, or x (1 + v ξ) with noise; "exp", x exp(v ξ); "set", v.
    Several parameters of one field act in their order. Without fields, the environment or an
    `Effect` reads `Randomisation.value` and `noise`, and does the rest.

    Attributes:
        name: how recipes and `set_parameters` call it.
        fields: what it acts on.
        mode: how.
        low, high: values that are accepted, ends included.
        nominal: the value in force until another is set or drawn. By default the one that
            leaves the model as it is; 0 without fields.
        log: whether values are drawn uniformly in their logarithm.
        reciprocal: whether they are drawn uniformly in their reciprocal, a time by its rate.
        noise: distribution of ξ, drawn with the value: within [-1, 1], or with variance 1.
        each: whether every object (every number, for an option) has a ξ of its own; without
            noise, a v of its own, and what is reported is their mean.
        count: how many ξ a parameter without fields has.
        every: env steps after which an episode draws it again; 0 for once per episode.
        unit, doc: for people.
    """

    name: str
    fields: tuple[Field, ...] = ()
    mode: Literal["add", "scale", "exp", "set"] = "scale"
    low: float = -np.inf
    high: float = np.inf
    nominal: float | None = None
    log: bool = False
    reciprocal: bool = False
    noise: Literal["", "uniform", "normal"] = ""
    each: bool = False
    count: int = 1
    every: int = 0
    unit: str = ""
    doc: str = ""

    def start(self, world: World) -> float:
        """The nominal value."""
        if self.nominal is not None:
            return self.nominal
        if self.mode == "set" and self.fields:
            return float(world.fields.read(self.fields[0])[0, 0])
        return 1.0 if self.mode == "scale" and self.fields and not self.noise else 0.0

    @property
    def own(self) -> bool:
        """Whether every object has a value of its own, kept where others keep ξ."""
        return self.each and not self.noise

    def act(self, x: Numbers, v: Numbers, noise: Numbers, power: float) -> Numbers:
        """New numbers of a field `(m, k)`, from its own, values `(m, 1)` and ξ `(m, k)`."""
        if self.own:
            v, noise = noise, np.ones_like(noise)
        if self.mode == "set":
            return np.broadcast_to(v, x.shape)
        if self.mode == "add":
            return x + v * noise
        factor = np.exp(v * noise) if self.mode == "exp" else 1 + v * noise if self.noise else v
        return np.asarray(x * factor**power)


@dataclass(frozen=True)
class _Action:
    """What parameter number `column` does to numbers `at` of the touched part of a model field."""

    column: int
    at: Ids
    noise: Ids
    power: float


class Randomisation:
    """The parameters of a world's simulations: values, ranges and draws.

    A simulation's values are drawn uniformly within its ranges. A range of one value is a value
    that stays, so one simulation can be pinned to an edge while others vary. The same seed gives
    the same draws whatever the other parameters' ranges are, and other streams never notice.

    All of it is part of the world's state.

    Args:
        world: whose fields are written.
        parameters: in the order in which they act.

    Attributes:
        streams: one per simulation.
        values: `(simulations, parameters)`, in force now.
        columns: where each parameter is in `values`.
        periodic: whether a parameter changes within episodes.
    """

    def __init__(self, world: World, parameters: Sequence[Parameter] = ()) -> None:
        self._world = world
        self._parameters = {parameter.name: parameter for parameter in parameters}
        assert len(self._parameters) == len(parameters), "two parameters have one name"
        assert all(p.low >= 0 for p in parameters if p.log or p.reciprocal), "a range with negative numbers"
        self.columns = {name: column for column, name in enumerate(self._parameters)}
        self._all: Ids = np.arange(len(world))
        start = np.tile(np.array([p.start(world) for p in parameters], np.float64), (len(world), 1))
        # A world without parameters has nothing to remember of them.
        keep = world.remember if parameters else lambda _, array: array
        self.values: Numbers = keep("parameters/values", start.copy())
        self._low: Numbers = keep("parameters/low", start.copy())
        self._high: Numbers = keep("parameters/high", start.copy())
        self._noisy = np.array([bool(parameter.noise) for parameter in parameters], np.bool_)
        self._every = np.array([parameter.every for parameter in parameters], np.int64)
        self._log = np.array([parameter.log for parameter in parameters], np.bool_)
        self._reciprocal = np.array([parameter.reciprocal for parameter in parameters], np.bool_)
        self.periodic = bool(self._every.any())
        key = (1,)
        self.streams = world.streams("parameters/streams", key) if parameters else Streams(len(world), key)
        self._plan(parameters)
        self._noise: Numbers = keep("parameters/noise", np.ones((len(world), len(self._owners))))
        self._noise[:, self._own] = start[:, self._owners[self._own]]

    def _plan(self, parameters: Sequence[Parameter]) -> None:
        """Work out which numbers of which model fields every parameter acts on."""
        fields = self._world.fields
        touched: dict[str, list[Ids]] = {}
        for parameter in parameters:
            for field in parameter.fields:
                touched.setdefault(field.name, []).append(fields.places(field))
        self._touched = {name: np.unique(np.concatenate(places)) for name, places in touched.items()}
        self._actions: dict[str, list[_Action]] = {name: [] for name in self._touched}
        owners: list[int] = []
        self._slots: dict[str, slice] = {}
        for column, parameter in enumerate(parameters):
            first, count = len(owners), parameter.count
            for field in parameter.fields:
                places, objects = fields.places(field), fields.objects(field) * parameter.each
                count = max(count, int(objects.max(initial=0)) + 1)
                at = np.searchsorted(self._touched[field.name], places)
                self._actions[field.name].append(_Action(column, at, first + objects, field.power))
            owners += [column] * count
            self._slots[parameter.name] = slice(first, len(owners))
        #: The parameter that each ξ belongs to.
        self._owners = np.array(owners, np.intp)
        self._normal = np.array([parameters[column].noise == "normal" for column in owners], np.bool_)
        #: Where values of single objects are kept.
        self._own = np.flatnonzero([parameters[column].own for column in owners])

    def value(self, name: str) -> Floats:
        """The values of one parameter, `(simulations,)`; changes with them, not to be written."""
        view = self.values[:, self.columns[name]]
        view.flags.writeable = False
        return view

    def noise(self, name: str) -> Floats:
        """The ξ of one parameter, or the v of its objects: `(simulations, count)`; likewise."""
        view = self._noise[:, self._slots[name]]
        view.flags.writeable = False
        return view

    # From outside -------------------------------------------------------------------------

    def describe(self) -> dict[str, EnvironmentParameter]:
        """Return every parameter as the contract `Parametrised` has it."""
        return {
            name: EnvironmentParameter(self.value(name).copy(), p.low, p.high, p.unit, p.doc)
            for name, p in self._parameters.items()
        }

    def ranges(self) -> dict[str, tuple[Floats, Floats]]:
        """Return what each simulation draws from, name -> `(low, high)`, each `(simulations,)`."""
        return {
            name: (self._low[:, column].copy(), self._high[:, column].copy())
            for name, column in self.columns.items()
        }

    def set(self, values: Mapping[str, Any], ids: Ids | None = None) -> None:
        """Set parameters of simulations `ids` now, and for all their episodes to come.

        Where a value changes its ξ are drawn anew.

        Raises:
            UserError: as the contract says; nothing is changed then.
        """
        rows = self._rows(ids)
        checked = {name: self._checked(name, value, rows) for name, value in values.items()}
        before = self.values[rows]
        for name, value in checked.items():
            for array in (self.values, self._low, self._high):
                array[rows, self.columns[name]] = value
        new = ((self.values[rows] != before) & self._noisy)[:, self._owners]
        again = np.flatnonzero(new.any(axis=1))
        if len(again):
            drawn, ids = self._draw_noise(rows[again]), rows[again]
            self._noise[ids] = np.where(new[again], drawn, self._noise[ids])
        own = self._own[np.isin(self._owners[self._own], [self.columns[name] for name in checked])]
        self._noise[np.ix_(rows, own)] = self.values[np.ix_(rows, self._owners[own])]
        self._apply(rows)

    def set_ranges(self, ranges: Mapping[str, tuple[Any, Any]], ids: Ids | None = None) -> None:
        """Set what simulations `ids` draw from, from their next episode on.

        Args:
            ranges: name -> low and high, each one number or `(len(ids),)`.
            ids: the simulations, `(n,)` integers; all by default.

        Raises:
            UserError: an unknown name, low above high, a number out of bounds. Nothing is
                changed then.
        """
        rows = self._rows(ids)
        checked = {}
        for name, ends in ranges.items():
            try:
                low, high = (self._checked(name, end, rows) for end in ends)
            except (TypeError, ValueError) as error:
                what = "from a low to a high number"
                raise UserError(f"the range of parameter {name!r} is {what}, not {ends!r}") from error
            checked[name] = low, high
            if (low > high).any():
                raise UserError(f"the range of parameter {name!r} is from {low.max()} down to {high.min()}")
            bent = self._parameters[name].log or self._parameters[name].reciprocal
            if bent and ((low == 0) & (high > 0)).any():
                what = "logarithm" if self._parameters[name].log else "reciprocal"
                raise UserError(f"parameter {name!r} is drawn by its {what}, so its range cannot start at 0")
        for name, (low, high) in checked.items():
            self._low[rows, self.columns[name]] = low
            self._high[rows, self.columns[name]] = high

    # From the environment -----------------------------------------------------------------

    def draw(self, ids: Ids, elapsed: NDArray[np.int64] | None = None) -> None:
        """Draw for new episodes of simulations `ids`, or what is due in running ones.

        Args:
            ids: indices in rising order.
            elapsed: `(simulations,)`, env steps since their episodes began; None for new ones.
        """
        low, high = self._low[ids], self._high[ids]
        alive = (low != high) | (self._noisy & (high != 0))
        chosen = np.ones(alive.shape, np.bool_)
        if elapsed is not None:
            now = elapsed[ids, None]
            chosen = (self._every > 0) & (now > 0) & (now % np.maximum(self._every, 1) == 0)
        changing = ((alive | (self.values[ids] != low)) & chosen).any(axis=1)
        owners = self._owners[self._own]
        stale = self._noise[np.ix_(ids, self._own)] != low[:, owners]
        changing |= (stale & chosen[:, owners]).any(axis=1)
        if not changing.any():
            return
        ids, low, high, chosen = ids[changing], low[changing], high[changing], chosen[changing]
        # As many numbers whatever the ranges are.
        unit = self.streams.uniform(ids, 0.0, 1.0, low.shape[1])
        noise = self._draw_noise(ids)
        noise[:, self._own] = self._within(
            low[:, owners], high[:, owners], (noise[:, self._own] + 1) / 2, owners
        )
        values = self._within(low, high, unit, np.arange(low.shape[1]))
        for column in np.unique(owners):
            mean = noise[:, self._owners == column].mean(axis=1)
            values[:, column] = np.clip(mean, low[:, column], high[:, column])
        self.values[ids] = np.where(chosen, values, self.values[ids])
        noisy = self._noisy[self._owners]
        noisy[self._own] = True
        self._noise[ids] = np.where(chosen[:, self._owners] & noisy, noise, self._noise[ids])
        self._apply(ids)

    def _within(self, low: Numbers, high: Numbers, unit: Numbers, columns: Ids) -> Numbers:
        """Values of parameters `columns` that lie at `unit` between the ends of their ranges."""
        values = np.where(low == high, low, low + (high - low) * unit)
        log = self._log[columns] & (low != high)
        values[log] = low[log] * (high[log] / low[log]) ** unit[log]
        turned = self._reciprocal[columns] & (low != high)
        values[turned] = 1 / (1 / low[turned] + (1 / high[turned] - 1 / low[turned]) * unit[turned])
        return values

    def _draw_noise(self, ids: Ids) -> Numbers:
        noise = self.streams.uniform(ids, -1.0, 1.0, len(self._owners))
        if self._normal.any():
            noise[:, self._normal] = self.streams.normal(ids, int(self._normal.sum()))
        return noise

    def _apply(self, ids: Ids) -> None:
        parameters = list(self._parameters.values())
        for name, places in self._touched.items():
            shared = self._world.fields.shared(name).ravel()[places]
            numbers = np.tile(shared.astype(np.float64), (len(ids), 1))
            for action in self._actions[name]:
                value = self.values[ids, action.column, None]
                noise = self._noise[np.ix_(ids, action.noise)]
                act = parameters[action.column].act
                numbers[:, action.at] = act(numbers[:, action.at], value, noise, action.power)
            self._world.fields.write_at(name, places, numbers, ids)

    def _rows(self, ids: Ids | None) -> Ids:
        if ids is None:
            return self._all
        rows = np.asarray(ids)
        if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
            raise UserError(f"simulations are chosen by a list of their indices, not by {ids!r}")
        if rows.size and not (rows.min() >= 0 and rows.max() < len(self._all)):
            raise UserError(f"there are simulations 0 to {len(self._all) - 1}; {rows.tolist()} were chosen")
        return rows.astype(np.intp)

    def _checked(self, name: str, value: Any, rows: Ids) -> Numbers:
        if name not in self._parameters:
            known = ", ".join(self._parameters) or "none"
            hint = did_you_mean(name, self._parameters) or f"there are: {known}"
            raise UserError(f"the environment has no parameter {name!r}\n  {hint}")
        parameter = self._parameters[name]
        try:
            numbers = np.broadcast_to(np.asarray(value, np.float64), rows.shape)
        except (TypeError, ValueError) as error:
            raise UserError(
                f"parameter {name!r} takes a number, or {len(rows)} of them, not {value!r}"
            ) from error
        if not ((parameter.low <= numbers) & (numbers <= parameter.high) & np.isfinite(numbers)).all():
            bounds = f"within [{parameter.low}, {parameter.high}] {parameter.unit}".rstrip()
            raise UserError(f"parameter {name!r} is {bounds}, not {value!r}")
        return numbers
