from __future__ import annotations

import functools
import json
import math
import shutil
import socket

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import nn

from framework.errors import UserError
from framework_codex.code_model import CodeModel, Request, Sampling, Scores
from framework_codex.sources.config import HfConfig
from framework_codex.sources.hf import HfModel

transformers = pytest.importorskip("transformers")

torch.set_num_threads(1)

CORPUS = [
    "def total(numbers):\n    return sum(numbers)\n\n\ndef mean(numbers):\n    return sum(numbers) / 2\n",
    "class Shape:\n    def area(self):\n        return 3.14 * self.r ** 2\n\n\nprint('ü', Shape())\n# end\n",
]
FILL = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"]
PROMPTS = ["def total(numbers):\n", "class Shape:\n    def area(self):\n        return", "x", "print('ü"]
CONTEXT = 96


def byte_level(special=()):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|endoftext|>", *special],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", additional_special_tokens=list(special)
    )


def metaspace():
    """As SentencePiece does: a space before every text, and a token that begins it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    special = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=150, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    names = [*learned["vocab"], *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer.model = models.BPE(
        {name: i for i, name in enumerate(names)},
        [tuple(merge) for merge in learned["merges"]],
        unk_token="<unk>",
        fuse_unk=True,
        byte_fallback=True,
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


SHAPES = {
    "gpt2": {"n_positions": CONTEXT, "n_embd": 32, "n_layer": 2, "n_head": 2},
    "codegen": {"n_positions": CONTEXT, "n_embd": 32, "n_layer": 2, "n_head": 4, "rotary_dim": 4},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},  # no positions
    "mamba": {"hidden_size": 32, "num_hidden_layers": 2},  # no keys and values
}
LLAMA = {
    "max_position_embeddings": CONTEXT,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
SHAPES |= {
    "llama": LLAMA,
    "qwen2": LLAMA,
    "mistral": LLAMA | {"sliding_window": 8},
    "opt": {**LLAMA, "ffn_dim": 48, "word_embed_proj_dim": 32, "pad_token_id": 1},  # positions from 2 on
}


def save(folder, tokenizer, kind, spare=0):
    torch.manual_seed(0)
    common = {
        "vocab_size": len(tokenizer) + spare,
        "initializer_range": 0.3,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    config = transformers.AutoConfig.for_model(kind, **{**SHAPES[kind], **common})
    network = transformers.AutoModelForCausalLM.from_config(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp("models")
    return {
        "gpt2": save(base / "gpt2", byte_level(), "gpt2", spare=7),
        "llama": save(base / "llama", metaspace(), "llama"),
        "fill": save(base / "fill", byte_level(FILL), "llama"),
    }


@pytest.fixture(params=["gpt2", "llama"])
def model(request, folders):
    return load(folders[request.param])


def load(path, **parameters):
    return HfModel(None, HfConfig(path=path, device="cpu", **parameters))


def requests_for(prompts, n=1):
    return [Request(f"t/{t}", i, prompt) for t, prompt in enumerate(prompts) for i in range(n)]


def draw(model, requests, **sampling):
    drawn = dict(model.sample(requests, Sampling(**{"stop": (), "max_tokens": 12, **sampling})))
    assert sorted(drawn) == list(range(len(requests)))
    return [drawn[i] for i in range(len(requests))]


def generated(model, prompt, n):
    """What the library itself continues with, and how likely it is."""
    ids = model.tokenizer(prompt, return_tensors="pt")["input_ids"]
    suppress = list(range(len(model.tokenizer), model.network.config.vocab_size))
    whole = model.network.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=n,
        pad_token_id=model.tokenizer.eos_token_id,
        suppress_tokens=suppress or None,
    )
    new = whole[0, ids.shape[1] :]
    with torch.inference_mode():
        logits = model(whole)[0, ids.shape[1] - 1 : -1, : len(model.tokenizer)]
    logprobs = logits.log_softmax(-1).gather(-1, new[:, None])
    text = model.tokenizer.decode(whole[0], skip_special_tokens=True)
    before = model.tokenizer.decode(ids[0], skip_special_tokens=True)
    return text.removeprefix(before), len(new), float(logprobs.sum())


def test_is_a_model_that_scores(model):
    assert isinstance(model, nn.Module)
    assert isinstance(model, CodeModel) and isinstance(model, Scores)
    assert not model.training


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_greedy_is_what_the_library_generates(folders, batch_size):
    for kind in ("gpt2", "llama"):
        model = load(folders[kind], batch_size=batch_size)
        drawn = draw(model, requests_for(PROMPTS, 2), temperature=0)
        for i, prompt in enumerate(PROMPTS):
            text, tokens, logprob = generated(model, prompt, 12)
            for completion in drawn[2 * i : 2 * i + 2]:
                assert (completion.text, completion.tokens) == (text, tokens)
                assert completion.logprob == pytest.approx(logprob, abs=1e-3)


@pytest.mark.parametrize("kind", ["codegen", "bloom", "qwen2", "mistral", "opt"])
def test_greedy_is_right_for_other_architectures(tmp_path, kind):
    model = load(save(tmp_path, byte_level(), kind))
    for prompt, completion in zip(PROMPTS, draw(model, requests_for(PROMPTS), temperature=0), strict=True):
        assert completion.text == generated(model, prompt, 12)[0]


def test_a_model_without_keys_and_values_is_refused(tmp_path):
    model = load(save(tmp_path, byte_level(), "mamba"))
    with pytest.raises(UserError, match=r"MambaForCausalLM .* cannot handle\n.*use codex/openai_api"):
        draw(model, requests_for(PROMPTS))


def test_draws_do_not_depend_on_the_batch(folders):
    for kind in ("gpt2", "llama"):
        alone = draw(load(folders[kind], batch_size=1), requests_for(PROMPTS, 2))
        for batch_size in (3, 16):
            together = draw(load(folders[kind], batch_size=batch_size), requests_for(PROMPTS, 2))
            assert [c.text for c in together] == [c.text for c in alone]
    assert len({completion.text for completion in alone[:2]}) > 1
    assert draw(load(folders[kind]), requests_for(PROMPTS, 2)[5:6])[0].text == alone[5].text


def test_draws_follow_the_distribution(model):
    n = 1000
    drawn = draw(model, requests_for(["x"], n), temperature=1.5, top_p=1, max_tokens=1)
    ids = torch.tensor([model.text.encode("x")])
    with torch.inference_mode():
        logits = model(ids)[0, -1, : len(model.tokenizer)]
    logprobs = logits.log_softmax(-1)
    likely = (logits / 1.5).softmax(-1)
    # the mean of ln p at temperature 1, under draws at 1.5
    mean = float((likely * logprobs).sum())
    spread = math.sqrt(float((likely * (logprobs - mean) ** 2).sum()) / n)
    assert sum(c.logprob for c in drawn) / n == pytest.approx(mean, abs=4 * spread)


def test_stop_sequences_are_cut_exactly(model):
    free = draw(model, requests_for(["x"], 40), max_tokens=30)
    stops = ("return", " ", "u")
    cut = draw(model, requests_for(["x"], 40), max_tokens=30, stop=stops)
    for whole, part in zip(free, cut, strict=True):
        if "\ufffd" in whole.text:  # bytes that looked like a text, until the next one came
            continue
        ends = [whole.text.find(stop) for stop in stops if stop in whole.text]
        assert part.text == whole.text[: min(ends, default=len(whole.text))]
        assert part.finish == ("stop" if ends else whole.finish)
        assert part.tokens <= whole.tokens
    assert {c.finish for c in cut} >= {"stop"}


def test_a_space_at_the_beginning_is_kept(folders):
    model = load(folders["llama"])
    head, tail = model.text.encode("a ="), model.text.continuation(" sum(numbers)")
    assert model.text.completion(head, tail) == " sum(numbers)"
    # the library alone loses it
    assert model.tokenizer.decode(tail) == "sum(numbers)"


@pytest.mark.parametrize("text", ["    return 1\n", "\n\n", " x", "x", "ü\t", "sum"])
def test_a_continuation_reads_as_it_was(model, text):
    for prompt in ("def f():\n", "x =", "x"):
        head = model.text.encode(prompt)
        assert model.text.completion(head, model.text.continuation(text)) == text


def test_likelihood_is_that_of_a_plain_forward(model):
    pairs = [(prompt, text) for prompt in PROMPTS for text in ("    return sum(numbers)\n", " = 1")]
    for (prompt, text), likelihood in zip(pairs, model.likelihood(pairs), strict=True):
        head, tail = model.text.encode(prompt), model.text.continuation(text)
        with torch.inference_mode():
            logits = model(torch.tensor([[*head, *tail]]))[0, :, : len(model.tokenizer)].log_softmax(-1)
        expected = sum(float(logits[len(head) - 1 + i, token]) for i, token in enumerate(tail))
        assert likelihood.tokens == len(tail)
        assert likelihood.logprob == pytest.approx(expected, abs=1e-3)


def test_likelihood_of_what_was_drawn(folders):
    model = load(folders["gpt2"])
    drawn = [
        c for c in draw(model, requests_for(["x ="], 50), max_tokens=1) if c.text and "\ufffd" not in c.text
    ]
    assert len(drawn) > 20
    for completion, found in zip(drawn, model.likelihood([("x =", c.text) for c in drawn]), strict=True):
        assert found.tokens == 1
        assert found.logprob == pytest.approx(completion.logprob, abs=1e-3)


def test_likelihood_of_texts_longer_than_the_context(model):
    text = "x = sum(numbers)\n" * 40
    (long,) = model.likelihood([(text, "return")])
    (tail,) = model.likelihood([(text[-300:], "return")])
    assert math.isfinite(long.logprob) and math.isfinite(tail.logprob)
    (whole,) = model.likelihood([("x", text)])
    assert whole.tokens > CONTEXT and math.isfinite(whole.logprob)


def test_long_prompts_keep_their_end(model):
    prompt = "x = sum(numbers)\n" * 60
    tokens = model.text.encode(prompt)
    head = model.text.head(Request("t", 0, prompt), 12)
    assert len(head) == CONTEXT - 12
    assert head[1:] == tokens[-(CONTEXT - 13) :]
    assert head[0] == (tokens[0] if model.tokenizer.bos_token_id is not None else tokens[-(CONTEXT - 12)])
    assert len(draw(model, [Request("t", 0, prompt)])[0].text) > 0
    (drawn,) = draw(model, [Request("t", 0, prompt)], max_tokens=500)
    assert drawn.tokens <= CONTEXT // 2


def test_an_empty_prompt(model):
    assert draw(model, [Request("t", 0, "")])[0].tokens > 0
    assert math.isfinite(model.likelihood([("", "x")])[0].logprob)


def test_halves_the_batch_where_memory_ends(folders, monkeypatch, caplog):
    expected = draw(load(folders["gpt2"]), requests_for(PROMPTS, 4))
    model = load(folders["gpt2"], batch_size=16)
    forward = model.network.forward
    sizes = []

    @functools.wraps(forward)
    def short(*args, **kwargs):
        sizes.append(kwargs["input_ids"].shape[0])
        if sizes[-1] > 5:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(*args, **kwargs)

    monkeypatch.setattr(model.network, "forward", short)
    drawn = draw(model, requests_for(PROMPTS, 4))
    assert [c.text for c in drawn] == [c.text for c in expected]
    assert "going on with 8" in caplog.text and "going on with 4" in caplog.text


def test_memory_for_not_even_one(folders, monkeypatch):
    model = load(folders["gpt2"])

    @functools.wraps(model.network.forward)
    def none(*args, **kwargs):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to ...")

    monkeypatch.setattr(model.network, "forward", none)
    with pytest.raises(UserError, match="memory does not suffice for one"):
        draw(model, requests_for(["x"]))


def test_the_fingerprint_follows_the_weights(folders):
    model, other = load(folders["gpt2"]), load(folders["llama"])
    before = model.fingerprint()
    assert before == load(folders["gpt2"]).fingerprint() != other.fingerprint()
    with torch.no_grad():
        next(model.parameters()).add_(1)
    assert model.fingerprint() != before
    assert load(folders["gpt2"], dtype="bfloat16").fingerprint() != before


def test_fills_in_the_middle(folders):
    model = load(folders["fill"])
    request = Request("t", 0, "def f(x):\n", suffix="    return y\n")
    vocabulary = model.tokenizer.get_vocab()
    prefix, suffix, middle = (vocabulary[name] for name in FILL)
    head = model.text.head(request, 12)
    assert (head[0], head[-1]) == (prefix, middle)
    assert model.tokenizer.decode(head[1 : head.index(suffix)]) == request.prompt
    assert model.tokenizer.decode(head[head.index(suffix) + 1 : -1]) == request.suffix
    assert draw(model, [request])[0].tokens > 0
    long = model.text.head(Request("t", 0, "x = 1\n" * 300, suffix="y = 2\n" * 300), 12)
    assert len(long) == CONTEXT - 12 and {prefix, suffix, middle} < set(long)


def test_a_suffix_needs_tokens_for_it(folders):
    request = Request("t/1", 0, "def f(x):\n", suffix="    return y\n")
    with pytest.raises(UserError, match=r"t/1 has a suffix, and .* no tokens to fill in the middle"):
        draw(load(folders["gpt2"]), [request])
    assert draw(load(folders["gpt2"], infill="ignore"), [request])[0].tokens > 0


def test_special_tokens_in_a_prompt_are_text(folders):
    model = load(folders["gpt2"])
    assert model.tokenizer.eos_token_id not in model.text.encode("x = '<|endoftext|>'\n")


def test_never_connects(folders, monkeypatch):
    def refuse(*args):
        raise AssertionError("connects")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert draw(load(folders["llama"]), requests_for(["x"]))


def spoil(folder, tmp_path, what):
    copy = tmp_path / "model"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    if what == "own code":
        config |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Config"}}
    elif what == "unknown":
        config["model_type"] = "mine"
    elif what == "encoder and decoder":
        config = {"model_type": "t5", "vocab_size": 30, "architectures": ["T5ForConditionalGeneration"]}
    elif what == "broken":
        (copy / "config.json").write_text("{")
        return copy
    elif what == "no weights":
        (copy / "model.safetensors").unlink()
    elif what == "pointer":
        (copy / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    elif what == "cut short":
        content = (copy / "model.safetensors").read_bytes()
        (copy / "model.safetensors").write_bytes(content[: len(content) // 2])
    elif what == "no tokenizer":
        for file in copy.glob("*token*"):
            file.unlink()
    elif what == "other weights":
        config["num_hidden_layers"] = config["n_layer"] = 3
    elif what == "no config":
        (copy / "config.json").unlink()
        return copy
    elif what == "one level up":
        return tmp_path
    (copy / "config.json").write_text(json.dumps(config))
    return copy


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("own code", "trust_remote_code: true if you trust them"),
        ("unknown", "cannot be loaded"),
        ("encoder and decoder", "an encoder and decoder, not a causal"),
        ("broken", "cannot be loaded"),
        ("no weights", "cannot be loaded.*model.safetensors"),
        ("pointer", "a pointer of Git LFS"),
        ("cut short", "cannot be loaded"),
        ("no tokenizer", "holds no tokenizer"),
        ("other weights", "lacks weights of a causal language model, such as transformer.h.2"),
        ("no config", "config.json is missing"),
        ("one level up", "did you mean .*/model"),
    ],
)
def test_a_folder_that_cannot_be_used(folders, tmp_path, what, reason):
    with pytest.raises(UserError, match=f"(?s){reason}"):
        load(spoil(folders["gpt2"], tmp_path, what))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"does not exist\n.*nothing is downloaded"):
        load(tmp_path / "codegen-350M")


@pytest.mark.parametrize("device", ["nowhere", "cuda:99"])
def test_a_device_that_is_not_there(folders, device):
    with pytest.raises(UserError, match=f"device '{device}' cannot be used"):
        HfModel(None, HfConfig(path=folders["gpt2"], device=device))


def test_without_transformers(folders, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(UserError, match="pip install transformers"):
        load(folders["gpt2"])
