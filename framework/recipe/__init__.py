r"""Recipes: YAML that names the components of an experiment and their parameters.

    seed: 0
    environment: {use: her/fetch_push, num_envs: 32}
    model:       {use: her/actor_critic, hidden: [256, 256, 256]}
    algorithm:   {use: her/hindsight, k: 4, budget: {env_steps: 300_000}}
    evaluators:  [{use: her/success_rate, episodes: 200}]
    trainer:     {accelerator: auto}
    tracking:    {experiment: her}

- YAML 1.2: `1e-3` and `300_000` are numbers; `on`, `off`, `yes` and `no` are strings.
- `extends: base.yaml`, or a list of files, relative to this one: mappings merge key by key,
  lists replace, and a section with another `use` replaces the section. `key: null` undoes
  an inherited key where null is allowed; a section set to null is gone.
- `${seed}` and `${oc.env:HOME}` are OmegaConf's interpolations. `\${` is a literal `${`. A recipe reads
  the environment variables that `framework.recipe.variables` lists or `FRAMEWORK_ENV=NAME,NAME` allows;
  the reference is recorded, not the value.
- `${checkpoint:NAME}` is a checkpoint: of the earlier stage NAME, or else of the MLflow run
  with that id or name, which has to fit one run only. It stands where a path or a string is
  expected. So does `${output:NAME}`, the folder of what a stage produced.
- `stages:` maps names to blocks of the sections seed, environment, model, algorithm,
  evaluators and trainer. Each is merged over those sections at the top, and they run in
  order. A recipe without `stages:` has one stage called "main".
- Overrides are `key.key=value`; `evaluators.0.episodes=20` reaches into a list. A value that
  begins with a bracket, brace or quote is YAML; anything else is a number, true, false, null
  or text as it was typed, `#` and all.

Checking imports neither torch nor what the components build, only their parameters.
"""

from __future__ import annotations

from framework.recipe.check import load, load_text
from framework.recipe.checkpoint import CheckpointRef
from framework.recipe.model import Recipe, Stage, TrackingConfig, TrainerConfig, Use
from framework.recipe.problems import Place, Problem, RecipeError

__all__ = [
    "CheckpointRef",
    "Place",
    "Problem",
    "Recipe",
    "RecipeError",
    "Stage",
    "TrackingConfig",
    "TrainerConfig",
    "Use",
    "load",
    "load_text",
]
