from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from framework.errors import UserError
from framework_codex.code_model import Likelihood
from framework_codex.evaluation import ranking
from framework_codex.evaluation.back_translation import back_translation
from framework_codex.evaluation.config import PassAtKConfig, RankingConfig
from framework_codex.evaluation.pass_at_k import PassAtK
from framework_codex.evaluation.ranking import Ranking


def half(task: str, temperature: float) -> float:
    return 0.4


@pytest.fixture
def chains(problem: Any, environment: Any) -> Any:
    return environment([problem(f"{length}/{i}", length) for length in (1, 2, 3) for i in range(10)])


def test_a_likelihood_that_knows_finds_what_passes(scripted: Any, chains: Any, fake_judge: Any) -> None:
    model = scripted(half, logprob=lambda right, draw: -1.0 if right else -2.0 - draw)
    report = Ranking(RankingConfig(n=10, of=(1, 2, 10)))(model, chains)
    metrics = report.metrics
    assert metrics["random"] == pytest.approx(0.4, abs=0.06)
    assert metrics["sum_logp"] == metrics["oracle"] == pytest.approx(1 - 0.6**10, abs=0.04)
    assert metrics["mean_logp_gain"] == pytest.approx(metrics["mean_logp"] - metrics["random"])
    assert metrics["oracle_gain_low"] < metrics["oracle_gain"] < metrics["oracle_gain_high"]
    rows = {row[0]: row[1:4] for row in report.tables["choices"].rows}
    assert rows["oracle"] == pytest.approx(rows["sum_logp"])
    assert rows["random"] == pytest.approx([metrics["random"]] * 3)
    assert rows["mean_logp"][0] == pytest.approx(metrics["random"])
    assert [row[0] for row in report.tables["by length"].rows] == [1, 2, 3]


def test_long_samples_are_unlikely_as_a_whole_but_not_per_token(
    scripted: Any, chains: Any, fake_judge: Any
) -> None:
    class Longer(type(scripted(half))):  # type: ignore[misc]
        def sample(self, requests: Any, sampling: Any) -> Any:
            for position, completion in super().sample(requests, sampling):
                tokens = 20 if "+ 1" in completion.text else 5
                per_token = -0.2 if "+ 1" in completion.text else -0.5
                yield position, type(completion)(completion.text, tokens, tokens * per_token)

    metrics = Ranking(RankingConfig(n=10))(Longer(half), chains).metrics
    assert metrics["mean_logp"] == metrics["oracle"]
    assert metrics["sum_logp"] < metrics["random"]


def test_unknown_likelihoods_are_left_out_or_rank_last(
    scripted: Any, recorded: Any, chains: Any, fake_judge: Any
) -> None:
    names = [row["task_id"] for row in chains["problems"]]
    report = Ranking(RankingConfig())(recorded(dict.fromkeys(names, 5)), chains)
    assert not {"mean_logp", "sum_logp"} & set(report.metrics)
    assert report.notes[0] == "mean_logp is left out: the samples come without likelihoods."
    model = scripted(half, logprob=lambda right, draw: -1.0 if right else math.nan)
    report = Ranking(RankingConfig(n=5))(model, chains)
    assert report.metrics["mean_logp"] == pytest.approx(report.metrics["oracle"])
    assert "samples have no score and rank last" in report.notes[0]


def test_samples_are_shared_with_other_evaluators(
    scripted: Any, chains: Any, fake_judge: Any, tmp_path: Path
) -> None:
    model = scripted(half)
    for evaluator in (
        PassAtK(PassAtKConfig(n=10, k=(1,), temperatures=(0.8,))),
        Ranking(RankingConfig(n=5, lengths=(2, 3))),
        Ranking(RankingConfig(n=12)),
    ):
        evaluator.folder = tmp_path
        evaluator(model, chains)
    assert len(model.drawn) == len(set(model.drawn)) == 30 * 12


def test_more_than_there_are_is_refused(scripted: Any, chains: Any, fake_judge: Any) -> None:
    with pytest.raises(UserError, match="of: there are no 20 samples to choose from, only 10"):
        Ranking(RankingConfig(n=10, of=(5, 20)))(scripted(half), chains)


class Describer:
    """Finds docstrings likely where the program is right."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def likelihood(self, pairs: Any) -> list[Likelihood]:
        self.asked += pairs
        return [Likelihood(-3.0 if "x + 1" in code else -9.0, 12) for code, _ in pairs]


def test_back_translation_ranks_by_the_docstring(
    scripted: Any, chains: Any, fake_judge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    describer = Describer()
    monkeypatch.setattr(ranking, "load_describer", lambda path: describer)
    report = Ranking(RankingConfig(n=10, describer=Path("describer.ckpt")))(scripted(half), chains)
    assert report.metrics["back_translation"] == pytest.approx(report.metrics["oracle"])
    assert len(describer.asked) == len(set(describer.asked))
    code, docstring = describer.asked[0]
    assert code.startswith("def add_one(x):\n    return x ")
    assert docstring.startswith("Return the number after x, as 1/0 wants it.")


def test_problems_without_docstrings_cannot_be_translated_back(
    scripted: Any, problem: Any, tmp_path: Path
) -> None:
    from framework_codex.code_model import Sampling
    from framework_codex.evaluation.samples import draw

    bare = type(problem("a"))(**{**problem("a").row(), "prompt": "def add_one(x):\n"})
    samples = draw(scripted(half), [bare], Sampling(), 3, 0, tmp_path)
    with pytest.raises(UserError, match="prompt ends with a docstring"):
        back_translation(Describer(), samples)


def test_a_describer_that_cannot_be_read_is_said_before_sampling(
    scripted: Any, chains: Any, fake_judge: Any, tmp_path: Path
) -> None:
    model = scripted(half)
    with pytest.raises(UserError, match="is not a checkpoint that can be read"):
        Ranking(RankingConfig(n=2, describer=tmp_path / "missing.ckpt"))(model, chains)
    assert model.drawn == []
