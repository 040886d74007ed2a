"""Language models: text encoder, causal scorer, tagger, and how they are trained. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "CausalScorer": "scorer",
    "Corpus": "documents",
    "NgramModel": "ngram",
    "Perplexity": "held_out",
    "Pretrained": "pretraining",
    "Scorer": "scorer",
    "TagScores": "tag_scores",
    "Tagger": "tagging",
    "TextEncoder": "encoder",
    "TrainingConfig": "training_config",
    "TrainingRun": "training",
    "history_documents": "documents",
    "item_documents": "documents",
    "perplexity": "held_out",
    "pretrain": "pretraining",
    "small_causal": "from_scratch",
    "split_documents": "documents",
    "train": "training",
    "train_tokenizer": "from_scratch",
}
_SUBMODULES = ("encoder", "scorer", "tag_scores", "tagging", "train_tagger", "weights")

__all__ = [
    "CausalScorer", "Corpus", "NgramModel", "Perplexity", "Pretrained", "Scorer", "TagScores", "Tagger", "TextEncoder",
    "TrainingConfig", "TrainingRun", "encoder", "history_documents", "item_documents", "perplexity", "pretrain",
    "scorer", "small_causal", "split_documents", "tag_scores", "tagging", "train", "train_tagger", "train_tokenizer",
    "weights",
]  # fmt: skip


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOME:
        value = getattr(import_module(f"recdiv.lm.{_HOME[name]}"), name)
    elif name in _SUBMODULES:
        value = import_module(f"recdiv.lm.{name}")
    else:
        raise AttributeError(f"module 'recdiv.lm' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from recdiv.lm import encoder, scorer, tag_scores, tagging, train_tagger, weights
    from recdiv.lm.documents import Corpus, history_documents, item_documents, split_documents
    from recdiv.lm.encoder import TextEncoder
    from recdiv.lm.from_scratch import small_causal, train_tokenizer
    from recdiv.lm.held_out import Perplexity, perplexity
    from recdiv.lm.ngram import NgramModel
    from recdiv.lm.pretraining import Pretrained, pretrain
    from recdiv.lm.scorer import CausalScorer, Scorer
    from recdiv.lm.tag_scores import TagScores
    from recdiv.lm.tagging import Tagger
    from recdiv.lm.training import TrainingRun, train
    from recdiv.lm.training_config import TrainingConfig
