"""Pre-training on item texts and histories: from nothing, or on from a given checkpoint, causal or masked."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from recdiv._extras import require
from recdiv.lm._random import seeded
from recdiv.lm._rows import Blocks, MaskedRows, collate, mean_loss
from recdiv.lm.documents import Document, checked
from recdiv.lm.from_scratch import small_causal, train_tokenizer
from recdiv.lm.training import TrainingRun, train
from recdiv.lm.training_config import FROM_NOTHING, ONWARD, TrainingConfig
from recdiv.lm.weights import locate, quiet

Objective = Literal["causal", "masked"]
_SENTENCE_FILES = ("1_Pooling/config.json", "sentence_bert_config.json", "modules.json")  # how an encoder is read


@dataclass(frozen=True)
class Pretrained:
    """A model that has read a corpus.

    Attributes:
        model, tokenizer: as transformers has them.
        folder: where both lie as an ordinary model folder (safetensors), readable by ``from_pretrained``,
            :class:`~recdiv.lm.CausalScorer` (causal) or :class:`~recdiv.lm.TextEncoder` (masked); None: not kept.
        objective: ``"causal"`` (each token from those before it) or ``"masked"`` (hidden ones from all others).
        run: how training went.
        n_tokens: tokens in the corpus, once through.
        n_parameters: numbers in the model.
        loss_before, loss_after: nats a predicted token on the validation documents; NaN without any.
    """

    model: Any
    tokenizer: Any
    folder: Path | None
    objective: str
    run: TrainingRun
    n_tokens: int
    n_parameters: int
    loss_before: float
    loss_after: float


def pretrain(
    documents: Iterable[Document],
    *,
    validation: Iterable[Document] | None = None,
    model: str | os.PathLike[str] | None = None,
    objective: Objective | None = None,
    folder: str | os.PathLike[str] | None = None,
    config: TrainingConfig | None = None,
    vocabulary: int = 2048,
    hidden: int = 128,
    layers: int = 4,
    window: int = 128,
    device: str | torch.device | None = None,
    progress: bool = True,
) -> Pretrained:
    """Train a language model on ``documents``: a new one, or a given one further (domain-adaptive pre-training).

    A new model is small, Llama-like and causal, with a tokenizer learnt from ``documents``. A causal model reads the
    documents one after another in blocks of ``window`` tokens, each document after a beginning token and each text
    closed by the end token; a masked one reads each document by itself and guesses 15 % of its tokens. Called again
    after an interruption with the same arguments and ``folder``, it goes on where it stopped.

    Args:
        documents: texts, or sequences of texts that follow one another (:func:`recdiv.lm.item_documents`,
            :func:`recdiv.lm.history_documents`); empty texts are left out with a warning.
        validation: documents that are not trained on; the best model on them is kept.
        model: a folder or hub name to go on from; None begins from nothing. ``DEFAULT_MODEL`` of
            :mod:`recdiv.lm.weights` is the default encoder.
        objective: None takes what the given model was made for; a new model is causal.
        folder: where the model is written, and in ``training/`` the checkpoints; None keeps nothing.
        config: settings of training; None takes ``FROM_NOTHING`` or ``ONWARD`` of :mod:`recdiv.lm.training_config`.
        vocabulary, hidden, layers: of a new model.
        window: tokens a block, or a longest document.
        device: where to compute; None takes a CUDA device where there is one.
        progress: a bar on stderr.

    Raises:
        TypeError, ValueError: if there is no text, a size does not fit, the model is not of one vocabulary with its
            tokenizer, or ``folder`` holds another run; further as :func:`recdiv.lm.train`.
    """
    texts = checked(documents)
    held_out = None if validation is None else checked(validation, "validation")
    if window < 2:
        raise ValueError(f"window must be at least 2, got {window}")
    config = config or (FROM_NOTHING if model is None else ONWARD)
    if model is None:
        if objective == "masked":
            raise ValueError(
                "objective must be causal for a new model, got 'masked'; pass a masked model to go on from"
            )
        tokenizer = train_tokenizer(texts, vocabulary=vocabulary)
        network, kind = small_causal(tokenizer, hidden=hidden, layers=layers, window=window, seed=config.seed), "causal"
    else:
        network, tokenizer, kind = _opened(model, objective, config.seed)
        window = min(window, _positions(network, window))
    network.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    return _fit(network, tokenizer, kind, texts, held_out, window, folder, config, progress, source=model)


def _fit(
    network: Any,  # noqa: ANN401
    tokenizer: Any,  # noqa: ANN401
    kind: str,
    texts: list[tuple[str, ...]],
    held_out: list[tuple[str, ...]] | None,
    window: int,
    folder: str | os.PathLike[str] | None,
    config: TrainingConfig,
    progress: bool,
    *,
    source: str | os.PathLike[str] | None,
) -> Pretrained:
    rows, config = _rows(tokenizer, kind, texts, window, config)
    looks = None if held_out is None else _rows(tokenizer, kind, held_out, window, config.replace(epochs=1))[0]
    shifted = kind == "causal"
    before = float("nan") if looks is None else mean_loss(network, looks, shifted=shifted)
    home = None if folder is None else Path(folder)
    run = train(
        network,
        rows,
        config,
        validation=looks,
        collate=collate,
        tokenizer=tokenizer,
        folder=None if home is None else home / "training",
        progress=progress,
    )
    if home is not None and int(os.environ.get("RANK", "0")) == 0:
        _save(run.model, tokenizer, home, source)
    after = float("nan") if looks is None else mean_loss(run.model, looks, shifted=shifted)
    size = sum(weight.numel() for weight in run.model.parameters())
    return Pretrained(run.model, tokenizer, home, kind, run, rows.n_tokens, size, before, after)


def _rows(
    tokenizer: Any,  # noqa: ANN401
    kind: str,
    texts: list[tuple[str, ...]],
    window: int,
    config: TrainingConfig,
) -> tuple[Any, TrainingConfig]:
    """Rows to train on, and the configuration in steps: masked rows hold every reading, each hiding other tokens."""
    if kind == "causal":
        return Blocks(tokenizer, texts, window, seed=config.seed), config
    rows = MaskedRows(tokenizer, texts, window, times=math.ceil(config.epochs), seed=config.seed)
    per_epoch = math.ceil(rows.n / config.batch_size)
    steps = config.steps or math.ceil(config.epochs * per_epoch)
    return rows, config.replace(steps=steps, checkpoint_every=config.checkpoint_every or per_epoch)


def _opened(model: str | os.PathLike[str], objective: Objective | None, seed: int) -> tuple[Any, Any, str]:
    """A given model with its tokenizer, and what it is trained to do."""
    transformers = require("transformers", "lm")
    damaged = require("safetensors", "lm").SafetensorError
    folder = locate(model).folder
    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    with quiet(), seeded(seed):  # a head that the checkpoint lacks is drawn
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
        tokenizer.backend_tokenizer.no_padding()
        names = transformers.AutoConfig.from_pretrained(folder, **options).architectures or [""]
        kind = objective or ("causal" if names[0].endswith(("CausalLM", "LMHeadModel")) else "masked")
        needed = "eos_token" if kind == "causal" else "mask_token"
        if getattr(tokenizer, needed) is None:
            raise ValueError(f"model {str(model)!r} has no {needed}, which {kind} training needs")
        loader = transformers.AutoModelForCausalLM if kind == "causal" else transformers.AutoModelForMaskedLM
        try:
            network = loader.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **options)
        except (RuntimeError, damaged) as error:
            raise ValueError(f"model {str(model)!r}: weights are cut short or do not fit config.json") from error
    held = network.get_input_embeddings().num_embeddings
    if len(tokenizer) > held:
        raise ValueError(
            f"model {str(model)!r} and its tokenizer are not of one vocabulary: {held:,} vectors for "
            f"{len(tokenizer):,} tokens"
        )
    return network, tokenizer, kind


def _positions(network: Any, window: int) -> int:  # noqa: ANN401
    return int(getattr(network.config, "max_position_embeddings", None) or window)


def _save(model: Any, tokenizer: Any, folder: Path, source: str | os.PathLike[str] | None) -> None:  # noqa: ANN401
    """An ordinary model folder; what says how a sentence encoder pools comes along."""
    with quiet():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    for name in _SENTENCE_FILES if source is not None else ():
        file = locate(source).folder / name
        if file.is_file() and file.resolve() != (folder / name).resolve():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / name)
