"""Development tasks, each in its own virtual environment: `nox -l` lists them.

Plain pip is all they need. `constraints.txt` holds the versions known to work together,
so that a release made tomorrow breaks nobody's tests today.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "virtualenv"
nox.options.sessions = ["tests", "lint", "types"]

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
CORE = ".[sim,sweep]"
#: Extras that recipes of plugins need.
EXTRAS = {"adr": "[cube]"}


def group(name: str) -> list[str]:
    """The requirements of a dependency group in pyproject.toml."""
    return list(nox.project.dependency_groups(PROJECT, name))


def with_its_plugins(name: str) -> list[str]:
    """A plugin, by the name of its folder, after those of the others here that it depends on, in turn."""
    projects = {
        plugin: nox.project.load_toml(ROOT / "plugins" / plugin / "pyproject.toml") for plugin in PLUGINS
    }
    called = {project["project"]["name"]: plugin for plugin, project in projects.items()}
    needed = [re.split(r"[^\w.-]", line)[0] for line in projects[name]["project"]["dependencies"]]
    found = [other for each in needed if each in called for other in with_its_plugins(called[each])]
    return [*dict.fromkeys(found), name]


def folder(name: str) -> str:
    """What to install for a plugin, by the name of its folder."""
    return f"./plugins/{name}{EXTRAS.get(name, '')}"


def install(session: nox.Session, *requirements: str, constrained: bool = True) -> None:
    """Install packages, in versions known to work together."""
    constraints = ("-c", "constraints.txt") if constrained else ()
    # Most of what is installed is never imported; what is, Python compiles then.
    session.install(*requirements, *constraints, env={"PIP_NO_COMPILE": "1"})


def install_everything(session: nox.Session, *groups: str) -> None:
    """Install the core, every plugin and some dependency groups."""
    extra = [requirement for name in groups for requirement in group(name)]
    install(session, CORE, *map(folder, PLUGINS), *extra)
    # mujoco 4.0.0 asks for a mujoco-core of the same version, whose sparse Newton solver is wrong.
    session.install("--no-deps", "mujoco-core>=4.0.1")


@nox.session
def tests(session: nox.Session) -> None:
    """Install the core and every plugin; run all but the slow tests, one process per core."""
    install_everything(session, "test")
    # With a thread each; more would only wait for one another. `plugin` runs test_alone.py.
    options = ["-n", "logical", "--dist", "worksteal", "--ignore-glob=*/test_alone.py"]
    session.run("pytest", *options, *session.posargs, env={"OMP_NUM_THREADS": "1"})


@nox.session
def slow(session: nox.Session) -> None:
    """Run the slow tests: those in which something has to be learned."""
    install_everything(session, "test")
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session
@nox.parametrize("name", [nox.param(name, id=name) for name in PLUGINS])
def plugin(session: nox.Session, name: str) -> None:
    """Install the core, one plugin and those it builds on: does it load, are its recipes right, does one run?

    The rest of its tests find nothing here that `tests` does not.
    """
    plugins = map(folder, with_its_plugins(name))
    install(session, ".", *plugins, "pytest", "pytest-timeout", "hypothesis")
    session.run("framework", "list")
    right = "tests/cli/test_check.py::test_every_shipped_recipe_is_right"
    carried = "tests/cli/test_recipes.py::test_a_plugin_brings_its_recipes"
    session.run("pytest", right, carried, f"plugins/{name}/tests/test_alone.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `nox -s lint -- --fix` mends what can be mended."""
    install(session, *group("lint"))
    session.run("ruff", "check", *session.posargs, ".")
    session.run("ruff", "format", *(() if "--fix" in session.posargs else ("--check",)), ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly, over the core and every plugin."""
    install_everything(session, "test", "types")
    session.run("mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into site/, without network; every warning and every broken link is an error."""
    install_everything(session, "docs")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
    session.run("python", "docs/links.py", "site")
    session.run("python", "docs/phone.py", "site")


@nox.session
def results(session: nox.Session) -> None:
    """Run what tables of docs/results need, and write them: days in all. `-- --list` says what is missing."""
    install_everything(session)
    # Stopped, it writes checkpoints first, to go on from.
    patience = {"interrupt_timeout": None, "terminate_timeout": None}
    session.run("python", "docs/measure.py", *session.posargs, **patience)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed against the peers and against bare loops; prints ratios."""
    install_everything(session, "bench")
    session.run("python", "-m", "benchmarks", *session.posargs, env={"STOCK_PYTHON": stock_python(session)})


@nox.session
def stock(session: nox.Session) -> None:
    """Judge a policy trained here in the published Fetch environments on their own MuJoCo."""
    install_everything(session)
    policy = str(Path(session.create_tmp()) / "policy.npz")
    transfer = "plugins/her/tests/stock/transfer.py"
    session.run("python", transfer, "train", policy, *session.posargs)
    session.run(stock_python(session), transfer, "judge", policy, external=True)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build what is released into dist/, look into it, and install the core and each plugin alone.

    `nox -s wheels -- core her` installs only these, `-- none` nothing.
    """
    install(session, *group("release"))
    session.run("python", "-m", "release.versions")
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    for project in (".", *(f"plugins/{name}" for name in PLUGINS)):
        # The wheel from the source distribution, so that both are tried.
        session.run("python", "-m", "build", "--no-isolation", "--outdir", "dist", project, silent=True)
    session.run("twine", "check", "--strict", *map(str, sorted(Path("dist").iterdir())))
    session.run("python", "-m", "release.wheels", "dist")
    for name in ("core", *PLUGINS):
        if name in session.posargs or not session.posargs:
            installed(session, name, Path(session.create_tmp()).absolute())


def installed(session: nox.Session, name: str, place: Path) -> None:
    """Install one of dist/ in an environment of its own, and look for its recipes outside of any checkout."""
    distribution = f"framework-{name}".replace("_", "-")
    fresh, elsewhere = place / "fresh", place / "elsewhere"
    python = fresh_python(session, fresh, distribution, "--find-links", "dist", "-c", "constraints.txt")
    framework = str(fresh / "bin" / "framework")
    elsewhere.mkdir(exist_ok=True)
    with session.chdir(elsewhere):
        session.run(python, "-m", "pip", "check", external=True)
        listed = json.loads(str(session.run(framework, "recipes", "--json", external=True, silent=True)))
        # The core's own recipe needs its extra `sim`.
        recipe = name if name in PLUGINS else "ppo_cartpole"
        if recipe not in {row["name"] for row in listed}:
            session.error(f"{distribution} brings no recipe {recipe}")
        if name in PLUGINS:
            session.run(framework, "check", recipe, external=True)
    shutil.rmtree(fresh)


def stock_python(session: nox.Session) -> str:
    """A Python with gymnasium-robotics and the MuJoCo its classes work with, which is older than ours."""
    place = Path(session.create_tmp()) / "stock"
    return fresh_python(session, place, "mujoco==3.10.*", "gymnasium-robotics>=1.4")


def fresh_python(session: nox.Session, place: Path, *requirements: str) -> str:
    """The Python of a new environment with these alone."""
    session.run("python", "-m", "venv", "--clear", str(place))
    python = str(place / "bin" / "python")
    session.run(python, "-m", "pip", "install", *requirements, external=True, silent=True)
    return python
