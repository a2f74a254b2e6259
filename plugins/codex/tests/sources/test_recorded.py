from __future__ import annotations

import gzip
import hashlib
import json
import math

import datasets
import pytest
from torch import nn

from framework.errors import UserError
from framework_codex.code_model import CodeModel, Request, Sampling, Scores
from framework_codex.problem import Problem
from framework_codex.sources.config import RecordedConfig
from framework_codex.sources.recorded import RecordedSamples

PROMPT = 'def f(x):\n    """ Twice x. """\n'
PROBLEMS = [Problem(task_id=f"Set/{i}", prompt=PROMPT, entry_point="f") for i in range(3)]
ENVIRONMENT = {"problems": [problem.row() for problem in PROBLEMS]}


@pytest.fixture
def model(tmp_path):
    def model(records, environment=ENVIRONMENT, name="samples.jsonl", **parameters):
        path = tmp_path / name
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        content = "\n".join(lines).encode("utf-8", "surrogateescape")
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        return RecordedSamples(environment, RecordedConfig(path=path, **parameters))

    return model


def texts(model, task, n):
    requests = [Request(task, i, PROMPT) for i in range(n)]
    drawn = dict(model.sample(requests, Sampling()))
    return [drawn[i].text for i in range(n)]


def completions(n=2, tasks=("Set/0", "Set/1", "Set/2")):
    return [{"task_id": task, "completion": f"    return {i}"} for task in tasks for i in range(n)]


@pytest.mark.parametrize("name", ["samples.jsonl", "samples.jsonl.gz"])
def test_gives_out_what_is_recorded(model, name):
    recorded = model(completions(), name=name)
    assert isinstance(recorded, nn.Module) and isinstance(recorded, CodeModel)
    assert not isinstance(recorded, Scores)
    assert recorded.counts() == {"Set/0": 2, "Set/1": 2, "Set/2": 2}
    assert texts(recorded, "Set/1", 2) == ["    return 0", "    return 1"]
    assert recorded.fingerprint() == hashlib.sha256(recorded.config.path.read_bytes()).hexdigest()


def test_samples_may_be_mixed_and_repeated(model):
    same = {"task_id": "Set/0", "completion": "    return 1"}
    recorded = model(
        [
            same,
            same,
            {"task_id": "Set/0", "samples": ["a", "b"]},
            {"task_id": "Set/0", "solution": PROMPT + "    return 2"},
            {"task_id": "Set/0", "solution": "def f(x): return 3", "completion": None},
            # As EvalPlus: the solution counts.
            {"task_id": "Set/0", "completion": "    return 5", "solution": "def f(x): return 4"},
        ],
        allow_missing=True,
    )
    assert recorded.counts() == {"Set/0": 5 + 2}
    expected = [
        "    return 1",
        "    return 1",
        "a",
        "b",
        "    return 2",
        "def f(x): return 3",
        "def f(x): return 4",
    ]
    assert texts(recorded, "Set/0", 7) == expected


def test_keeps_log_probabilities(model):
    recorded = model(
        [
            {"task_id": "Set/0", "completion": "x", "logprob": -3, "tokens": 2},
            {"task_id": "Set/0", "completion": "x", "logprob": None},
        ],
        allow_missing=True,
    )
    known, unknown = recorded.samples["Set/0"]
    assert (known.logprob, known.tokens, known.mean_logprob) == (-3.0, 2, -1.5)
    assert math.isnan(unknown.logprob) and unknown.tokens == 0


def test_reads_a_dataset(model):
    split = datasets.Dataset.from_list(ENVIRONMENT["problems"])
    assert model(completions(), datasets.DatasetDict(problems=split)).counts()["Set/2"] == 2


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"task_id": "Set/0"}, "no field 'completion'"),
        ({"task_id": "Set/0", "completions": "x"}, "no field 'completion', did you mean 'completions'"),
        ({"task_id": "Set/0", "completion": None}, "null, expected a text"),
        ({"task_id": "Set/0", "completion": ["x"]}, "'completion' is a list, expected a text"),
        ({"task_id": 0, "completion": "x"}, "'task_id' is a whole number, expected a text"),
        ({"completion": "x"}, "no field 'task_id'"),
        ({"task_id": "Set/0", "samples": ["x"], "solution": "x"}, "which are the samples"),
        ({"task_id": "Set/0", "samples": "x"}, "'samples' is a text, expected a list"),
        ({"task_id": "Set/0", "samples": ["x", 1]}, r"'samples\[1\]' is a whole number"),
        ({"task_id": "Set/0", "completion": "x" * 10_000_000}, "10,000,000 characters, more than longest"),
        ({"task_id": "Set/0", "completion": "x", "logprob": "?"}, "'logprob' is a text, expected a number"),
        ({"task_id": "Set/0", "completion": "x", "logprob": 1.5}, "0 or less"),
        ({"task_id": "Set/0", "completion": "x", "tokens": -1}, "0 or more"),
        ('{"task_id": "Set/0", "completion": "\udcff"}', "not UTF-8: byte 0xff"),
    ],
)
def test_names_a_bad_line(model, record, reason):
    with pytest.raises(UserError, match=rf"samples.jsonl:7: .*{reason}"):
        model([*completions(), record])
    assert sum(model([*completions(), record], skip_bad_lines=True).counts().values()) == 6


def test_a_long_program_may_be_allowed(model):
    record = {"task_id": "Set/0", "completion": "x" * 10_000_000}
    assert model([record], allow_missing=True, longest=10_000_000).counts() == {"Set/0": 1}


def test_a_solution_that_cannot_follow_its_prompt_is_a_bad_line(model):
    open_problem = Problem(task_id="Set/0", prompt="x = (", entry_point="f").row()
    with pytest.raises(UserError, match=r"samples.jsonl:1: a whole program cannot follow"):
        model([{"task_id": "Set/0", "solution": "def f(x): return 3"}], {"problems": [open_problem]})


def test_unknown_tasks_are_named_with_their_line(model):
    records = [*completions(), {"task_id": "set/1", "completion": "x"}]
    with pytest.raises(UserError, match=r"samples.jsonl:7: 'set/1', did you mean 'Set/1'\?"):
        model(records)
    assert len(model(records, allow_unknown=True).counts()) == 3
    with pytest.raises(UserError, match="no samples of 3 of 3 problems"):
        model(records[-1:], allow_unknown=True, allow_missing=True)


def test_problems_without_samples_are_named(model):
    records = completions(tasks=("Set/0",))
    with pytest.raises(UserError, match=r"no samples of 2 of 3 problems: Set/1, Set/2\n.*allow_missing"):
        model(records)
    assert model(records, allow_missing=True).counts() == {"Set/0": 2}


def test_more_than_recorded_is_refused(model):
    with pytest.raises(UserError, match="sample 3 of Set/0 is asked for, 2 are recorded"):
        texts(model(completions()), "Set/0", 3)


def test_needs_problems(model):
    with pytest.raises(UserError, match=r"needs an environment with problems.*this one has train"):
        model(completions(), {"train": []})
