"""A small causal model with a tokenizer of its own, for a catalogue that no model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from recdiv._extras import require

_BEGIN, _END = "<begin>", "<end>"


def small_model(
    texts: Sequence[str], *, vocabulary: int, hidden: int, layers: int, window: int, seed: int
) -> tuple[Any, Any]:
    """A Llama-like model with random weights, and byte pairs learnt from ``texts``: any text can be written."""
    transformers = require("transformers", "lm")
    tokenizer = _tokenizer(texts, vocabulary)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=max(1, hidden // 16),
        num_key_value_heads=max(1, hidden // 16),
        max_position_embeddings=window,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(config)
    return model.float().eval(), tokenizer


def _tokenizer(texts: Sequence[str], vocabulary: int) -> Any:  # noqa: ANN401
    tokenizers, transformers = require("tokenizers", "lm"), require("transformers", "lm")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[_BEGIN, _END],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token=_BEGIN, eos_token=_END, clean_up_tokenization_spaces=False
    )
