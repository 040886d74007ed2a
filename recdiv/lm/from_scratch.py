"""A tokenizer learnt from a corpus, and a small causal model that knows nothing yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recdiv._extras import require
from recdiv.lm._random import seeded
from recdiv.lm.documents import Document, checked

BEGIN, END, PAD = "<begin>", "<end>", "<pad>"
LEAST = 256 + 3  # every byte, and the special tokens


def train_tokenizer(documents: Iterable[Document], *, vocabulary: int = 2048) -> Any:  # noqa: ANN401
    """Byte pairs learnt from ``documents``: frequent pieces become one token, and any text can be written.

    Starting from the 256 bytes, the most frequent pair of neighbours inside words becomes a token of its own, until
    there are ``vocabulary``. Source: Sennrich et al. 2016; on bytes, Radford et al. 2019.

    Returns:
        A ``transformers`` tokenizer with a beginning, an end and a padding token.

    Raises:
        ValueError: if ``vocabulary`` is below 259 (all bytes and the special tokens), or there is no text.

    >>> tokenizer = train_tokenizer(["tea tea tea pot"], vocabulary=262)
    >>> tokenizer.tokenize("tea pot", add_special_tokens=False)
    ['Ġtea', 'Ġ', 'p', 'o', 't']
    """
    if vocabulary < LEAST:
        raise ValueError(f"vocabulary must be at least {LEAST}, all bytes and the special tokens, got {vocabulary}")
    tokenizers, transformers = require("tokenizers", "lm"), require("transformers", "lm")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[BEGIN, END, PAD],
        initial_alphabet=sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    made.train_from_iterator((text for document in checked(documents) for text in document), trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token=BEGIN, eos_token=END, pad_token=PAD, clean_up_tokenization_spaces=False
    )


def small_causal(
    tokenizer: Any,  # noqa: ANN401
    *,
    hidden: int = 128,
    layers: int = 4,
    window: int = 256,
    seed: int = 0,
) -> Any:  # noqa: ANN401
    """A Llama-like model with random weights (about 1.1 million with a vocabulary of 2,048).

    Args:
        tokenizer: gives the vocabulary, and the beginning and end tokens.
        hidden: width, a multiple of 32: the heads are 32 wide.
        layers: attention and feed-forward layers.
        window: longest sequence in tokens.
        seed: of the weights.

    Raises:
        ValueError: if a size does not fit.
    """
    if hidden < 32 or hidden % 32:
        raise ValueError(f"hidden must be a multiple of 32, got {hidden}")
    if layers < 1 or window < 2:
        raise ValueError(f"layers must be at least 1 and window at least 2, got {layers} and {window}")
    transformers = require("transformers", "lm")
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=hidden * 8 // 3 // 32 * 32,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 32,
        num_key_value_heads=hidden // 32,
        max_position_embeddings=window,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with seeded(seed):
        return transformers.LlamaForCausalLM(config).float().eval()
