"""Low-rank corrections in place of trained weights, by peft."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from recdiv._extras import require
from recdiv.lm._random import seeded
from recdiv.lm.training_config import TrainingConfig


def with_lora(model: torch.nn.Module, config: TrainingConfig) -> Any:  # noqa: ANN401
    """``model`` with its weights frozen and a trainable correction beside each linear layer: W + (α/r) B A.

    A is drawn by the seed and B is zero, so the model starts where it stood. Source: Hu et al. 2022.

    Args:
        model: a transformers model, or any module; without ``lora_targets`` it must be a transformers model.
        config: the rank r, α, the dropout and the layers.

    Raises:
        ValueError: if ``config`` has no rank, or its targets name no layer of the model.
    """
    if config.lora_rank is None:
        raise ValueError("lora_rank must be a whole number from 1, got None")
    peft = require("peft", "lm")
    names = [name.strip() for name in config.lora_targets.split(",") if name.strip()]
    settings = peft.LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha or 2 * config.lora_rank,
        lora_dropout=config.lora_dropout,
        target_modules=names or "all-linear",
    )
    missing = [n for n in names if not any(p == n or p.endswith(f".{n}") for p, _ in model.named_modules())]
    if missing:
        raise ValueError(f"lora_targets must name layers of the model, got {missing[0]!r}")
    with seeded(config.seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft tells what it sets right by itself
        return peft.get_peft_model(model, settings)


def merged(model: Any) -> Any:  # noqa: ANN401
    """The ordinary model that computes the same: corrections are added to the weights they correct."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
