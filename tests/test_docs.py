"""The docs say everything there is, and what they show works."""

from __future__ import annotations

import importlib.util
import re
import runpy
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from types import ModuleType

import pytest

import framework
import framework.testing
from framework import hookspecs
from framework.cli.main import COMMANDS
from framework.component import Component
from framework.recipe import load
from framework.recipe.named import find_recipe
from framework.registry import installed
from framework.testing.fixtures import RunCommand
from tests.fresh import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
NAMES = {path.name for path in PLUGINS}
CARTPOLE = ROOT / "tests" / "third_party" / "framework-cartpole"
RECIPE_KEYS = {"environment", "algorithm", "evaluators", "stages", "extends"}


@dataclass(frozen=True)
class Block:
    """A fenced block of code in a page."""

    page: Path
    line: int
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def _blocks(page: Path) -> Iterator[Block]:
    pattern = re.compile(r'^( *)```(\w+)(?: title="([^"]+)")?\n(.*?)^\1```$', re.DOTALL | re.MULTILINE)
    text = page.read_text(encoding="utf-8")
    for found in pattern.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found[2], found[3] or "", textwrap.dedent(found[4]))


BLOCKS = [block for page in PAGES for block in _blocks(page)]


def _of(*languages: str) -> pytest.MarkDecorator:
    chosen = [block for block in BLOCKS if block.language in languages]
    assert chosen
    return pytest.mark.parametrize("block", chosen, ids=str)


def _ours() -> list[Component]:
    return [component for component in installed().components() if component.plugin in NAMES]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Everything is documented


@pytest.mark.parametrize("page", ["write-a-plugin.md", "reference/hooks.md"])
def test_every_hook_is_documented(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    hooks = [name for name in vars(hookspecs) if name.startswith("register_")]
    assert len(hooks) == 4
    assert [name for name in hooks if name not in text] == []


def test_the_reference_is_what_the_code_makes(generate: ModuleType) -> None:
    loaded = {plugin.name for plugin in installed().plugins if not plugin.error}
    if NAMES - loaded:
        pytest.skip("not every plugin is installed")
    same = runpy.run_path(str(DOCS / "papers.py"))["without_lines"]
    old = [
        page.name
        for page, text in generate.pages().items()
        if same(page.read_text(encoding="utf-8")) != same(text)
    ]
    assert old == [], "made from older code: python docs/generate.py"


def test_papers_are_followed_in_their_order() -> None:
    """Section by section, each with a file and a line of a definition there."""
    papers = runpy.run_path(str(DOCS / "papers.py"))
    for plugin in PLUGINS:
        page = (DOCS / "plugins" / f"{plugin.name}.md").read_text(encoding="utf-8")
        (table,) = papers["TABLE"].findall(page)
        first = re.search(r"^\*\*(.+)\*\*$", table, re.MULTILINE)
        assert first is not None
        assert first[1] == papers["main_paper"](plugin.name)
        for file, line, name in re.findall(r"`([\w/]+\.py):(\d+)` `([\w.]+)`", papers["tables"](plugin.name)):
            source = plugin / "src" / f"framework_{plugin.name}" / file
            lines = source.read_text(encoding="utf-8").splitlines()
            assert re.search(rf"(def|class) {name.rpartition('.')[2]}\b", lines[int(line) - 1]), (file, line)
    places = [place for place in papers["places"]("glide", "Nichol et al. 2021") if "ddim.py" in place.file]
    assert {(place.paper, place.kind, place.where) for place in places} >= {
        ("Song et al. 2021", "equation", "12"),
        ("Song et al. 2021", "equation", "16"),
    }


def test_every_command_is_documented(generate: ModuleType) -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    made = generate.commands()
    assert [name for name in COMMANDS if f"`framework {name}" not in page] == []
    assert [name for name in COMMANDS if f"## framework {name}\n" not in made] == []


def test_every_component_is_documented(generate: ModuleType) -> None:
    made = generate.components()
    for component in _ours():
        page = DOCS / "plugins" / f"{component.plugin}.md"
        assert f"`{component.full_name}`" in page.read_text(encoding="utf-8"), (
            f"{component.full_name} in {page}"
        )
        section = made.partition(f"### {component.full_name}\n")[2].partition("\n### ")[0]
        assert section, component.full_name
        for name, parameter in component.signature.items():
            assert f"| `{name}` |" in section, f"{component.full_name}: {name}"
            assert parameter.param.doc, f"{component.full_name}: {name} says nothing of itself"


@pytest.mark.parametrize("plugin", [path.name for path in PLUGINS])
def test_every_plugin_has_its_pages(plugin: str) -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for folder in ("plugins", "results"):
        assert (DOCS / folder / f"{plugin}.md").is_file()
        assert f"{folder}/{plugin}.md" in site
        assert f"({plugin}.md)" in (DOCS / folder / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("plugin", sorted(NAMES))
def test_the_page_of_a_plugin_says_what_is_public(plugin: str) -> None:
    """And all of that can be imported, from the plugin's own module."""
    module = pytest.importorskip(f"framework_{plugin}")
    page = (DOCS / "plugins" / f"{plugin}.md").read_text(encoding="utf-8")
    after = page.partition(f"`from framework_{plugin} import ...`")[2]
    table = re.search(r"\n(\| name \| what \|\n(?:\|.*\n)+)", after)
    assert table, f"{plugin}.md does not say what is public"
    named = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table[1].splitlines()[2:]))
    assert sorted(named) == sorted(module.__all__)
    for name in named:
        home = getattr(getattr(module, name), "__module__", module.__name__)  # a constant has none
        assert home.startswith(module.__name__), name


def test_every_public_name_is_documented() -> None:
    reference = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    words = set(re.findall(r"\w+", reference))
    assert [name for name in framework.__all__ if name not in words] == []
    assert [name for name in framework.testing.__all__ if name not in words] == []


def test_the_reference_shows_what_plugins_take_from_the_kits() -> None:
    """And the modules of the core's own components, which plugins derive from."""
    reference = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    shown = set(re.findall(r"^::: ([\w.]+)", reference, re.MULTILINE))
    wanted = {
        component.target.split(":")[0] for component in installed().components() if component.plugin == "rl"
    }
    for path in (ROOT / "plugins").glob("*/src/**/*.py"):
        text = path.read_text(encoding="utf-8")
        wanted |= set(
            re.findall(r"^ *from (framework\.(?:rl|sim|supervised)\.[\w.]+) import", text, re.MULTILINE)
        )
    missing = [name for name in wanted if not any(f"{each}.".startswith(f"{name}.") for each in shown)]
    assert sorted(missing) == []


# What is shown works


@_of("yaml")
def test_recipes_load(block: Block, tmp_path: Path) -> None:
    if block.title:  # a file of the third-party plugin: compared below, run in test_third_party
        return
    recipe = tmp_path / "shown.yaml"
    recipe.write_text(block.text, encoding="utf-8")
    for other in (ROOT / "recipes").glob("*.yaml"):
        (tmp_path / other.name).symlink_to(other)
    assert load(recipe).stages


@_of("python")
def test_python_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


def test_write_a_plugin_shows_a_plugin_that_is_tested() -> None:
    shown = {
        block.title: block.text for block in BLOCKS if block.page.name == "write-a-plugin.md" and block.title
    }
    written = {
        str(path.relative_to(CARTPOLE)): path.read_text(encoding="utf-8")
        for path in CARTPOLE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".pytest_cache" not in path.parts
    }
    assert shown == written


@_of("console")
def test_commands_exist(block: Block) -> None:
    sessions = set(re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.MULTILINE))
    for command in _commands(block):
        words = shlex.split(command, comments=True)
        if words[0] == "framework":
            assert words[1] in COMMANDS, f"{block}: {command}"
            if words[1] in ("run", "check", "sweep") and words[2].split("/")[0] in NAMES:
                assert find_recipe(words[2]).is_file(), f"{block}: {command}"
        if "nox" in words:
            named = takewhile("--".__ne__, words[words.index("-s") + 1 :])
            assert set(named) <= sessions, f"{block}: {command}"
        for word in words:
            if word.startswith(("recipes/", "./plugins/")) and "cartpole" not in word:
                assert (ROOT / word.partition("[")[0]).exists(), f"{block}: {command}"


def test_messages_are_what_is_said(framework_command: RunCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [block for block in BLOCKS if block.language == "console" and "\nerror: " in block.text]
    assert shown
    for block in shown:
        (command,) = _commands(block)
        monkeypatch.chdir(ROOT)
        answer = framework_command(*shlex.split(command)[1:])
        assert answer.exit_code == 2
        assert answer.stderr == block.text.partition("\n")[2], str(block)


def _commands(block: Block) -> list[str]:
    text = block.text.replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]


# README


def test_readme_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", text)
    assert links
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []


def test_ci_runs_readmes_test_command() -> None:
    shown = [command for block in BLOCKS if block.page.name == "README.md" for command in _commands(block)]
    tests = [command for command in shown if "nox -s tests" in command]
    assert len(tests) == 1
    assert tests[0] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


# The site


def test_links_of_the_site_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    links = ["b.html", "b.html#there", "b.html#gone", "c.html", "folder", "#top", "https://example.org"]
    shown = "".join(f'<a href="{link}">.</a>' for link in links)
    (tmp_path / "a.html").write_text(f'<p id="top">{shown}<img src="d.png"></p>')
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.html").touch()
    found = runpy.run_path(str(DOCS / "links.py"))["broken"](tmp_path)
    assert found == ["a.html: b.html#gone", "a.html: c.html", "a.html: d.png"]
