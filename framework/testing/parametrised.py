"""Does an environment keep what `Parametrised` promises? And what can differ between simulations?"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from framework.contracts import EnvironmentParameter
from framework.errors import UserError
from framework.testing.equality import assert_same


def check_parameters(environment: Any, name: str) -> None:
    """Check that parameters are described, set in the simulations chosen, kept, and refused when wrong.

    Leaves the environment reset, with its parameters as they were.
    """
    before = describe(environment, name)
    # From here on nothing is drawn anew.
    environment.set_parameters({key: parameter.values for key, parameter in before.items()})
    count = environment.num_envs
    for key, parameter in before.items():
        what, value = f"{name}: parameter {key!r}", other_value(parameter)
        environment.set_parameters({key: value}, np.array([count - 1]))
        expected = parameter.values.copy()
        expected[-1] = value
        for when in ("set in one environment", "set in one environment, after a reset"):
            found = describe(environment, name)
            assert_same(found[key].values, expected, f"{what}, {when}")
            for rest in set(before) - {key}:
                also = f"{name}: parameter {rest!r}, while {key!r} is {when}"
                assert_same(found[rest].values, before[rest].values, also)
            environment.reset()
        environment.set_parameters({key: parameter.values})
        assert_same(describe(environment, name)[key].values, parameter.values, f"{what}, set to what it was")
    _check_refusals(environment, before, name)


def describe(environment: Any, name: str) -> dict[str, EnvironmentParameter]:
    """Return the parameters, checked for their form."""
    found = environment.parameters()
    for key, parameter in found.items():
        what = f"{name}: parameter {key!r}"
        assert isinstance(parameter, EnvironmentParameter), f"{what} is a {type(parameter).__name__}"
        values = parameter.values
        assert np.shape(values) == (environment.num_envs,), (
            f"{what} has values {values!r}, not one for each environment"
        )
        assert values.dtype == np.float64, f"{what} has values of dtype {values.dtype}, not float64"
        assert np.isfinite(values).all(), f"{what} is not finite: {values}"
        inside = (parameter.low <= values) & (values <= parameter.high)
        assert inside.all(), f"{what} is {values}, out of its range [{parameter.low}, {parameter.high}]"
    kept = copy.deepcopy(dict(found))
    for key, parameter in found.items():
        parameter.values[:] = np.nan
        what = f"{name}: parameter {key!r}, after an array that parameters() returned was written into,"
        assert_same(environment.parameters()[key].values, kept[key].values, what)
    assert list(environment.parameters()) == list(kept), f"{name}: the order of its parameters changes"
    return kept


def other_value(parameter: EnvironmentParameter) -> float:
    """A value in range, a little way from the present one of the first environment."""
    now = float(parameter.values[0])
    for bound in (parameter.high, parameter.low):
        if np.isfinite(bound) and bound != now:
            return now + 0.2 * (bound - now)
    return 1.1 * now + 0.1


def _check_refusals(environment: Any, before: dict[str, EnvironmentParameter], name: str) -> None:
    wrong: list[tuple[str, dict[str, Any], Any]] = [("an unknown name", {"no such parameter": 1.0}, None)]
    for key, parameter in before.items():
        good, outside = other_value(parameter), np.array([environment.num_envs])
        wrong += [
            ("a NaN", {key: np.nan}, None),
            ("too many numbers", {key: np.full(environment.num_envs + 1, good)}, None),
            ("an environment that there is not", {key: good}, outside),
            ("an unknown name after a good one", {key: good, "no such parameter": 1}, None),
        ]
        wrong += [
            (f"{bound + sign}, out of range,", {key: bound + sign}, None)
            for bound, sign in ((parameter.low, -1), (parameter.high, 1))
            if np.isfinite(bound)
        ]
    for what, values, ids in wrong:
        try:
            environment.set_parameters(values, ids)
        except UserError:
            pass
        else:
            raise AssertionError(f"{name}: set_parameters takes {what}; expected a UserError")
        for rest, one in before.items():
            now = environment.parameters()[rest].values
            assert_same(now, one.values, f"{name}: {rest!r} after set_parameters refused {what}")


def disturb_nothing(environment: Any) -> str:
    """As it is."""
    return ""


def disturb_parameters(environment: Any) -> str:
    """Change every parameter, differently in every environment; what was done, for messages."""
    if not hasattr(environment, "set_parameters"):
        return ""
    spread = np.linspace(0.2, 1.0, environment.num_envs)
    found = environment.parameters()
    environment.set_parameters(
        {key: p.values + spread * (other_value(p) - p.values) for key, p in found.items()}
    )
    return f" with parameters {', '.join(found)} changed" if found else ""


def disturb_fields(environment: Any) -> str:
    """Change model fields of a `mujoco.batch.Batch`, differently in every simulation."""
    batch: Any = getattr(environment, "batch", None)
    if not hasattr(batch, "expand"):
        return ""
    spread = np.linspace(0.9, 1.1, environment.num_envs)[:, None]
    for field in ("body_mass", "geom_friction", "dof_damping", "opt.gravity"):
        values = batch.expand(field).reshape(environment.num_envs, -1)
        values *= spread
    batch.set_const()
    return " with model fields changed"
