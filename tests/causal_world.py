"""Tiny random language models and a tokenizer for them, made on the spot."""

from functools import cache

import torch

WORDS = "Hands of Clay Before the Guns Eighteen Temples Café crème ¿qué? A the a of in 茶 Part two".split()
BEGIN, END = "<begin>", "<end>"


@cache
def tokenizer(*, begin=True, end=True, size=300):
    """Byte-level pairs learnt from a few words: any text can be written, most words take several tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = [*([BEGIN] if begin else []), *([END] if end else [])]
    made.train_from_iterator(
        [" ".join(WORDS)] * 3, trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet)
    )
    named = {**({"bos_token": BEGIN} if begin else {}), **({"eos_token": END} if end else {})}
    return PreTrainedTokenizerFast(tokenizer_object=made, **named)


@cache
def model(kind="llama", *, window=96, seed=0):
    """A random model whose probabilities are far from even, so that a fault shows."""
    import transformers

    size = len(tokenizer())
    settings = {
        "llama": lambda: transformers.LlamaConfig(
            vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=window, initializer_range=0.3,
        ),
        "gpt2": lambda: transformers.GPT2Config(
            vocab_size=size, n_embd=32, n_layer=2, n_head=4, n_positions=window, initializer_range=0.3,
            attn_pdrop=0.5, embd_pdrop=0.5, resid_pdrop=0.5,
        ),
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return transformers.AutoModelForCausalLM.from_config(settings[kind]()).float()


def slow_log_likelihood(kind, text, context=(), *, window=96, separator=None):
    """One text at a time, no cache, no padding, token by token, from the definition."""
    read, net = tokenizer(), model(kind, window=window)
    ids = lambda written: read(written, add_special_tokens=False)["input_ids"]  # noqa: E731
    close = [read.eos_token_id] if separator is None else ids(separator)
    before = ids(context) if isinstance(context, str) else [t for part in context for t in (*ids(part), *close)]
    tail = [*ids(text), read.eos_token_id]
    room = window - 1 - len(tail)
    sequence = [read.bos_token_id, *before[max(0, len(before) - room) :], *tail]
    total = 0.0
    net.eval()
    for t in range(len(sequence) - len(tail), len(sequence)):
        with torch.no_grad():
            logits = net(input_ids=torch.tensor([sequence[:t]])).logits[0, -1].double()
        total += float(logits[sequence[t]] - logits.logsumexp(0))
    return total
