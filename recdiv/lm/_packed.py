"""A model and its tokenizer as one set of tensors, to be stored with whatever else a recommender keeps."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recdiv._extras import require


def packed(model: Any, tokenizer: Any) -> dict[str, Tensor]:  # noqa: ANN401
    """Weights by name, and the files of configuration and tokenizer as bytes."""
    state, seen = {}, set()
    for name, value in model.state_dict().items():
        if value.data_ptr() not in seen:  # tied weights are kept once
            state[f"weights/{name}"] = value
            seen.add(value.data_ptr())
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        model.config.save_pretrained(folder)
        for path in sorted(Path(folder).iterdir()):
            state[f"files/{path.name}"] = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
    return state


def unpacked(state: dict[str, Tensor]) -> tuple[Any, Any]:
    """What :func:`packed` took: (model, tokenizer), on the CPU."""
    transformers = require("transformers", "lm")
    weights = {name.removeprefix("weights/"): value for name, value in state.items() if name.startswith("weights/")}
    with tempfile.TemporaryDirectory() as folder:
        for name, value in state.items():
            if name.startswith("files/"):  # a name with a path in it must not lead elsewhere
                Path(folder, Path(name).name).write_bytes(value.numpy().tobytes())
        options = {"trust_remote_code": False, "local_files_only": True}
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
        config = transformers.AutoConfig.from_pretrained(folder, **options)
    with torch.random.fork_rng(devices=[]):
        model = transformers.AutoModelForCausalLM.from_config(config)
    model.to(next(iter(weights.values())).dtype)
    model.load_state_dict(weights, strict=False)
    model.tie_weights()
    return model.eval(), tokenizer
