from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from framework.errors import UserError
from framework.testing import check_environment
from framework_codex.problems.chains import problems, texts
from framework_codex.problems.config import ChainsConfig, CodeConfig, ProblemsConfig
from framework_codex.problems.contamination import Index
from framework_codex.problems.documented import make_code
from framework_codex.problems.installed import standard_library
from framework_codex.problems.sets import read_problems

CHAINS = ChainsConfig(functions=300, validation=20, pairs=30, tasks_per_length=3)
TEXTS = [f"def f{i}(x):\n    return x + {i}\n" for i in range(200)]


@pytest.fixture(autouse=True)
def own_cache(no_network: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "hf")
    # Of Arrow's threads, at the end of a stream.
    monkeypatch.setattr("datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN", 0.1)


@pytest.fixture
def small_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few modules for all of the standard library: to harvest that takes a quarter of a minute."""
    folder = tmp_path / "library"
    for name in ("email", "json", "logging", "unittest"):
        shutil.copytree(standard_library() / name, folder / name)
    monkeypatch.setattr("framework_codex.problems.documented.standard_library", lambda: folder)


@pytest.fixture
def corpus(tmp_path: Path) -> dict[str, Path]:
    lines = [json.dumps({"text": text, "n": i}) for i, text in enumerate(TEXTS)]
    plain = tmp_path / "own.jsonl"
    plain.write_text("\n".join([*lines, '{"text": "  "}', '{"text": null}']))
    packed = tmp_path / "own.jsonl.gz"
    packed.write_bytes(gzip.compress("\n".join(lines).replace('"text"', '"content"').encode()))
    parquet = tmp_path / "folder" / "own.parquet"
    parquet.parent.mkdir()
    Dataset.from_dict({"content": TEXTS}).to_parquet(parquet)
    return {"jsonl": plain, "gz": packed, "parquet": parquet.parent}


@pytest.mark.parametrize("kind", ["jsonl", "gz", "parquet"])
@pytest.mark.parametrize("streaming", [False, True])
def test_own_text_is_read(corpus: dict[str, Path], kind: str, streaming: bool) -> None:
    made = make_code(CodeConfig(stdlib=False, path=corpus[kind], streaming=streaming, validation_share=0.2))
    train = [row["text"] for row in made["train"]]
    validation = [row["text"] for row in made["validation"]]
    assert sorted(train + validation) == sorted(TEXTS) and train != sorted(train)
    assert len(validation) / len(TEXTS) == pytest.approx(0.2, abs=0.08)
    other = make_code(CodeConfig(stdlib=False, path=corpus["gz"], seed=5, validation_share=0.2))
    assert sorted(other["validation"]["text"]) == sorted(validation)
    assert [row["text"] for row in other["train"]] != train


def test_a_stream_is_mixed_with_chains(corpus: dict[str, Path]) -> None:
    made = make_code(
        CodeConfig(stdlib=False, path=corpus["jsonl"], streaming=True, chains=CHAINS, chain_share=0.5)
    )
    train = [row["text"] for row in made["train"]]
    chains = set(texts(CHAINS, "train"))
    assert sum(text in chains for text in train) / len(train) == pytest.approx(0.5, abs=0.1)
    assert set(TEXTS) >= {text for text in train if text not in chains}
    assert len(made["problems"]) == 15 and len(made["pairs"]) == 30


def test_the_standard_library_is_mixed_with_chains(small_library: None) -> None:
    made = make_code(CodeConfig(chains=CHAINS, seed=3))
    assert set(made) == {"train", "validation", "pairs", "validation_pairs", "problems"}
    assert 500 < len(made["train"]) < 1500 and 5 < len(made["validation"]) < 50
    assert not set(made["train"]["text"]) & set(made["validation"]["text"])
    assert [row["task_id"] for row in made["problems"]] == [p.task_id for p in problems(CHAINS)]
    shared = make_code(CodeConfig(packages=("pluggy",), stdlib=False, chains=CHAINS, chain_share=0.75))
    lines = [text.split("(")[0] for text in shared["train"]["text"]]
    chained = sum(
        line.split("_")[0][4:] in {"edit", "change", "process", "transform", "convert"} for line in lines
    )
    assert chained / len(lines) > 0.3


def test_python_files_give_their_functions(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'def f(x):\n    """Double."""\n    return 2 * x\n\ndef g(x):\n    return x\n'
    )
    made = make_code(CodeConfig(stdlib=False, path=tmp_path, validation_share=0))
    assert made["train"]["text"] == ['def f(x):\n    """Double."""\n    return 2 * x\n']
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(UserError, match="has no documented functions"):
        make_code(CodeConfig(stdlib=False, path=tmp_path))


def test_functions_that_hold_problems_are_left_out(tmp_path: Path) -> None:
    problem = read_problems(ProblemsConfig(task_ids=("HumanEval/0",)))[0]
    leak = problem.prompt.replace("has_close_elements", "near") + problem.canonical_solution
    (tmp_path / "own.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in [leak, *TEXTS]))
    for streaming in (False, True):
        config = {"stdlib": False, "path": tmp_path / "own.jsonl", "streaming": streaming}
        for sets, expected in (((), 201), ((ProblemsConfig(),), 200)):
            made = make_code(CodeConfig(**config, decontaminate=sets, validation_share=0))
            assert len(list(made["train"])) == expected


@pytest.mark.slow
def test_the_standard_library_holds_nothing_of_human_eval() -> None:
    index = Index(read_problems(ProblemsConfig()))
    made = make_code(CodeConfig())
    found = [index.matches(text) for split in made for text in made[split]["text"]]
    assert len(found) > 5000 and not any(found)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"text": "a"}\n{"text": 3}\n{"text": ["b"]}\n', "a.jsonl:3: field 'text' is a list"),
        ("a.jsonl", b'{"text": "a"}\n{"text": "b"\n', r"a.jsonl:2: not JSON"),
        ("a.jsonl", b"", "a.jsonl is empty"),
        ("a.jsonl", b'{"text": "a\\ud800"}', "surrogates not allowed"),
        ("a.jsonl", b"\xff\xfe\x00", "a.jsonl"),
        ("a.jsonl", b'{"body": "a"}\n', "body"),
        ("a.parquet", b"PAR1", "a.parquet"),
        ("a.jsonl.gz", b"\x1f\x8bxxxx", "a.jsonl.gz"),
        ("a.csv", b"text\na\n", "is not text to train on"),
    ],
)
@pytest.mark.parametrize("streaming", [False, True])
def test_files_that_cannot_be_read_are_named(
    tmp_path: Path, name: str, content: bytes, message: str, streaming: bool
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    if streaming and b"[" in content:
        pytest.skip("a stream passes over what is no text")
    with pytest.raises(UserError, match=message):
        list(make_code(CodeConfig(stdlib=False, path=path, streaming=streaming))["train"])


def test_parameters_that_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="no code to train on"):
        CodeConfig(stdlib=False)
    with pytest.raises(ValueError, match="needs chains"):
        CodeConfig(chain_share=0.5)
    with pytest.raises(ValueError, match="streaming reads a path alone"):
        CodeConfig(streaming=True)
    with pytest.raises(UserError, match="does not exist"):
        make_code(CodeConfig(stdlib=False, path=Path("nowhere")))


def test_environments_keep_the_contract(small_library: None) -> None:
    check_environment({"use": "codex/chains", "functions": 50, "validation": 5, "pairs": 5})
    check_environment({"use": "codex/code", "chains": {"functions": 50, "pairs": 5}})


def test_every_process_builds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import hashlib\n"
        "from framework_codex.problems.documented import *\n"
        "made = make_code(CodeConfig(stdlib=False, packages=('pluggy', 'textwrap'), chains=ChainsConfig("
        "functions=100, pairs=5, tasks_per_length=1)))\n"
        "rows = [(split, row) for split in sorted(made) for row in made[split]]\n"
        "digest = hashlib.sha256(repr(rows).encode()).hexdigest()\n"
        "print(digest)"
    )
    hashes = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # not this process's
    environment = {**os.environ, "PYTHONHASHSEED": hashes, "XDG_CACHE_HOME": str(tmp_path / "other")}
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "here"))
    here: dict[str, Any] = {}
    exec(code, here)
    assert printed == here["digest"] + "\n" and len(here["rows"]) > 100
