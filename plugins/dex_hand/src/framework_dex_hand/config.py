"""Parameters of the environment and the evaluator; nothing heavy is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi
from typing import Annotated, Literal

from framework import Param

#: What can differ between simulations: of `parameters.py`, and of `disturbances.py`. A prism has no
#: `object_size`.
SETTABLE = (
    *("object_mass", "link_mass", "friction", "damping", "gain", "joint_limits", "gravity", "object_size"),
    *("action_scale", "action_bias", "action_noise", "action_delay", "backlash", "backlash_spread"),
    *("adversary", "stuck"),
    *("object_push", "object_push_size", "object_push_decay", "timestep_jitter", "finger_markers"),
    *(
        "fingertips_bias",
        "fingertips_noise",
        "object_bias",
        "object_noise",
        "rotation_bias",
        "rotation_noise",
    ),
    *("base_marker_bias", "base_marker_noise"),
    *("fingertips_dropout", "fingertips_dropout_time", "fingertips_occlusion"),
)


@dataclass(frozen=True, kw_only=True)
class HandConfig:
    """Parameters of any task in the hand; the defaults are the paper's, but for `control`."""

    max_successes: Annotated[int, Param("goals after which an episode ends", unit="goals", ge=1)] = 50
    steps_per_goal: Annotated[
        int, Param("time for each goal, after which an episode ends", unit="env steps", ge=1)
    ] = 100
    drop_height: Annotated[
        float, Param("the object is dropped when its centre is lower than this", unit="m")
    ] = 0.04
    success_reward: Annotated[float, Param("for a goal", ge=0)] = 5.0
    drop_penalty: Annotated[float, Param("for a drop", ge=0)] = 20.0
    control: Annotated[
        Literal["absolute", "relative"],
        Param("what an action moves a joint's target from: the middle of its range, or the present angle"),
    ] = "absolute"
    bins: Annotated[
        int | None, Param("choices for each joint, evenly over its range; null for any number", ge=2)
    ] = None
    smoothing: Annotated[float, Param("weight of the past in the moving average of actions", ge=0, lt=1)] = (
        0.3
    )
    timestep: Annotated[float, Param("of the physics", unit="s", gt=0, le=0.01)] = 0.008
    substeps: Annotated[int, Param("physics steps per env step", ge=1)] = 10
    starts: Annotated[
        int, Param("states at rest in the palm that episodes start from, one at random", ge=1)
    ] = 256
    randomise: Annotated[
        dict[str, tuple[float, float]],
        Param(
            "drawn anew for every episode, parameter: [low, high]; docs/plugins/dex_hand.md names them",
            settable=True,
        ),
    ] = field(default_factory=dict)
    without: Annotated[
        tuple[Literal["physics", "noise", "unmodelled"], ...],
        Param("groups of parameters that are not drawn, whatever `randomise` says"),
    ] = ()
    num_envs: Annotated[int, Param("simulations stepped together", ge=1)] = 64
    threads: Annotated[int, Param("native threads, 0 for one per core; no result depends on it", ge=0)] = 0
    seed: Annotated[int, Param("where the random streams of all simulations start", ge=0)] = 0
    render_size: Annotated[int, Param("height and width of rendered frames", unit="pixels", ge=16)] = 480


@dataclass(frozen=True, kw_only=True)
class ReorientConfig(HandConfig):
    """Parameters of turning an object in the hand; the defaults are the paper's."""

    object: Annotated[
        Literal["block", "prism", "sphere"],
        Param("what lies in the palm: a block, an octagonal prism or a sphere"),
    ] = "block"
    goal: Annotated[
        Literal["z", "parallel", "full"],
        Param("goals: turned about the vertical; that with any face up; turned in any way"),
    ] = "z"
    least_angle: Annotated[
        float, Param("from a new goal to where the object is, at least", unit="rad", ge=0, le=pi)
    ] = 0.0
    greatest_angle: Annotated[
        float,
        Param(
            "that at most; goals with another face up turn so far about the vertical", unit="rad", gt=0, le=pi
        ),
    ] = pi
    tolerance: Annotated[float, Param("angle at which a goal is reached", unit="rad", gt=0)] = 0.4


@dataclass(frozen=True, kw_only=True)
class SuccessesConfig:
    """Parameters of the evaluator."""

    episodes: Annotated[int, Param("trials of the final evaluation", unit="episodes", ge=1)] = 256
    every: Annotated[
        int, Param("how often to evaluate during training, in units of the budget; 0 for never", ge=0)
    ] = 0
    monitor_episodes: Annotated[
        int, Param("trials of each evaluation during training", unit="episodes", ge=1)
    ] = 64
    film: Annotated[int, Param("how many of the trials to film, in the report", unit="episodes", ge=0)] = 0
    seed: Annotated[int, Param("seed of the trials", ge=0)] = 0
