"""A GPT as Hugging Face's Llama, which it is in all but names: to serve it, or to check it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from framework.errors import UserError
from framework_codex.gpt.blocks import EPS, Block
from framework_codex.gpt.tokenizer import END

if TYPE_CHECKING:
    from framework_codex.gpt.model import GPT


def to_llama(model: GPT) -> Any:
    """A `transformers.LlamaForCausalLM` with the same weights.

    Raises:
        UserError: transformers is not installed.
    """
    try:
        from transformers import LlamaConfig, LlamaForCausalLM
    except ImportError as error:
        raise UserError("transformers is not installed\n  pip install 'framework-codex[hf]'") from error
    config = model.config
    llama = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(model.tokenizer),
            hidden_size=config.width,
            intermediate_size=config.hidden,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            max_position_embeddings=config.context,
            rms_norm_eps=EPS,
            rope_parameters={"rope_type": "default", "rope_theta": config.rope_base},
            tie_word_embeddings=config.tied,
            bos_token_id=model.tokenizer.end,
            eos_token_id=model.tokenizer.end,
            pad_token_id=model.tokenizer.end,
        )
    )
    state = {
        "model.embed_tokens.weight": model.embedding.weight[: len(model.tokenizer)],
        "model.norm.weight": model.norm.weight,
    }
    state["lm_head.weight"] = model.output
    for number, module in enumerate(model.blocks):
        block = cast(Block, module)
        parts: dict[str, Any] = {
            "input_layernorm": block.norm_attention.weight,
            "post_attention_layernorm": block.norm_mlp.weight,
            "self_attn.o_proj": block.out.weight,
            "mlp.down_proj": block.down.weight,
        }
        names = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
        parts |= dict(zip(names, block.qkv.weight.chunk(3), strict=True))
        parts |= dict(zip(("mlp.gate_proj", "mlp.up_proj"), block.gate_up.weight.chunk(2), strict=True))
        state |= {f"model.layers.{number}.{name}.weight": value for name, value in parts.items()}
    llama.load_state_dict({name: value.detach() for name, value in state.items()})
    llama.train(False)
    return llama


def export(model: GPT, folder: Path) -> None:
    """Write a model directory that transformers and vLLM load, tokenizer included."""
    to_llama(model).save_pretrained(folder)
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer.from_str(model.tokenizer.to_json())
    special = {"bos_token": END, "eos_token": END, "pad_token": END}
    tokens: Any = PreTrainedTokenizerFast(tokenizer_object=backend, **special)  # type: ignore[no-untyped-call]
    tokens.save_pretrained(folder)
