"""Recipes by name: the working directory's, and those that plugins bring along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from framework.recipe import RecipeError, load
from framework.recipe.named import find_recipe, recipes

from ..distributions import install  # noqa: TID252  (tests are not installed)

TEXT = "# One thing.\n# Another.\nalgorithm: {use: push/learn}\n"


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where plugins are installed, found before all others; the working directory is another, empty one."""
    site, work = tmp_path / "site-packages", tmp_path / "work"
    site.mkdir()
    work.mkdir()
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(work)
    return site


def write(path: Path, text: str = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def bring(site: Path, plugin: str, *files: str) -> list[Path]:
    """Install a plugin that is a package with recipes."""
    module = site / f"{install(site, plugin)}.py"
    package = module.with_suffix("")
    package.mkdir()
    module.rename(package / "__init__.py")
    return [write(package / "recipes" / file) for file in files]


def edit(site: Path, plugin: str, project: Path) -> None:
    """Make an installed plugin one that is installed to be edited."""
    origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (site / f"framework_{plugin}-1.0.dist-info" / "direct_url.json").write_text(json.dumps(origin))


def test_in_the_working_directory(plugins: Path) -> None:
    for name in ("mine.yaml", "deep/er.yml"):
        write(Path("recipes") / name)
    assert find_recipe("mine") == Path("recipes/mine.yaml")
    assert find_recipe("deep/er") == Path("recipes/deep/er.yml")
    assert find_recipe("recipes/mine") == Path("recipes/mine.yaml")
    assert {"mine", "deep/er"} <= {named.name for named in recipes() if not named.plugin}


def test_that_plugins_bring(plugins: Path) -> None:
    own, push, paper, other = bring(
        plugins, "tug", "tug.yaml", "tug_push.yaml", "paper/tug.yaml", "pull.yaml"
    )
    for name, path in {
        "tug": own,
        "tug/tug": own,
        "tug/push": push,
        "tug_push": push,
        "tug/tug_push": push,
        "tug/paper": paper,
        "paper/tug": paper,
        "tug/pull": other,
        "pull": other,
    }.items():
        assert find_recipe(name) == path, name
    found = {named.name: named for named in recipes() if named.plugin.startswith("tug")}
    assert list(found) == ["tug", "tug/paper", "tug/pull", "tug/push"]
    assert found["tug"].plugin == "tug (framework-tug 1.0)"
    assert found["tug"].doc == "One thing"


def test_the_working_directory_comes_first(plugins: Path) -> None:
    (theirs,) = bring(plugins, "tug", "tug_push.yaml")
    assert find_recipe("tug/push") == theirs
    mine = write(Path("recipes/tug_push.yaml"))
    assert find_recipe("tug/push") == find_recipe("tug_push") == mine
    assert [named.path for named in recipes() if named.name == "tug/push"] == [mine]
    assert find_recipe("tug/tug_push") == theirs


def test_a_file_comes_before_all(plugins: Path) -> None:
    bring(plugins, "tug", "tug.yaml")
    write(Path("tug"))
    assert find_recipe("tug") == Path("tug")
    Path("tug").unlink()
    write(Path("tug.yaml"))
    assert find_recipe("tug") == Path("tug.yaml")


def test_of_two_plugins(plugins: Path) -> None:
    for plugin in ("tug", "tow"):
        bring(plugins, plugin, "pull.yaml")
    assert find_recipe("tow/pull") != find_recipe("tug/pull")
    with pytest.raises(RecipeError, match=r"^pull: several .* of this name: tow/pull or tug/pull"):
        find_recipe("pull")


def test_of_a_plugin_that_is_edited(plugins: Path, tmp_path: Path) -> None:
    bring(plugins, "tug")
    project = tmp_path / "repository" / "plugins" / "tug"
    shared = [write(project.parents[1] / "recipes" / name) for name in ("tug_push.yaml", "other.yaml")]
    assert "tug/push" not in [named.name for named in recipes()]
    edit(plugins, "tug", project)
    assert find_recipe("tug/push") == shared[0]
    assert "tug/other" not in [named.name for named in recipes()]
    own = write(project / "recipes" / "pull.yaml")
    assert find_recipe("tug/pull") == own


@pytest.mark.parametrize("damaged", ["", "[]", "{", '{"dir_info": {"editable": true}}'])
def test_damaged_metadata(damaged: str, plugins: Path) -> None:
    bring(plugins, "tug")
    (plugins / "framework_tug-1.0.dist-info" / "direct_url.json").write_text(damaged)
    assert [named for named in recipes() if named.plugin.startswith("tug")] == []


def test_a_broken_plugin_still_has_its_recipes(plugins: Path) -> None:
    (path,) = bring(plugins, "tug", "tug.yaml")
    (path.parents[1] / "__init__.py").write_text("import nowhere_to_be_found")
    assert find_recipe("tug") == path


def test_unknown(plugins: Path) -> None:
    bring(plugins, "tug", "tug_push.yaml")
    for typo in ("tug/psuh", "tug_psh"):
        with pytest.raises(RecipeError) as caught:
            load(typo)
        nearest = "tug/push" if "/" in typo else "tug_push"
        said = f"{typo}: no such file, and no recipe of this name\n  did you mean {nearest!r}?"
        assert str(caught.value) == said
    with pytest.raises(RecipeError, match=r"\n  see: framework recipes$"):
        load("quite-another")
    with pytest.raises(RecipeError, match=r"no such file\n  did you mean 'tug_push'\? \(see: framework rec"):
        load("recipes/tug_push.yaml")


@pytest.mark.parametrize("odd", ["", ".", "..", "/", "a\0b", "x" * 5000, "a/" * 100])
def test_what_cannot_be_a_name(odd: str, plugins: Path) -> None:
    with pytest.raises(RecipeError, match=r"director|not a file name|cannot be read|no such file"):
        load(odd)


def test_extends(plugins: Path) -> None:
    bring(plugins, "tug", "tug.yaml")
    say = "algorithm: null\nevaluators: []\nmodel: null\nenvironment: null\n"
    write(Path("recipes/tug.yaml"), f"extends: tug\nseed: 3\n{say}")  # not itself: the plugin's
    write(Path("mine.yaml"), "extends: [tug, seeded]\n")
    write(Path("seeded.yaml"), "seed: 7\n")
    with pytest.raises(RecipeError, match="nothing to do"):
        load("mine")
    with pytest.raises(RecipeError, match=r"^mine.yaml:1:10: cannot extend 'tgu': no such .*\n  did you"):
        load(write(Path("mine.yaml"), "extends: tgu\n"))


def test_a_name_stays_what_it_is(plugins: Path) -> None:
    write(Path("recipes/base.yaml"), "seed: 5\nalgorithm: {use: nothing/here}\n")
    write(Path("recipes/over.yaml"), "extends: base\n")
    with pytest.raises(RecipeError, match=r"^recipes/base.yaml:2:18: unknown algorithm"):
        load("over")
