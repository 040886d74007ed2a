"""What metrics answer to Porcaro's questions: from attributes of artists, from sound, from text about either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv.datasets import Dataset
from recdiv.experiments._music_people import Votes, agreement, human_agreement, votes
from recdiv.kernels import EmbeddingKernel, Kernel
from recdiv.metrics import compute
from recdiv.tables import Recommendations

Floats = npt.NDArray[np.float64]
ATTRIBUTES = ("country", "continent", "regionalgroupings", "gender", "skintype", "debut")
METRICS: Mapping[str, str] = {
    "mean distance (ILD)": "ild",
    "least distance": "min_distance",
    "effective number, q = ½": "effective_number@q=0.5",
    "effective number, q = 1": "effective_number",
    "effective number, q = 2": "effective_number@q=2",
    "Leinster–Cobbold, q = 1": "leinster_cobbold",
    "log-determinant": "log_det",
    "graph entropy": "graph_entropy",
}
_ROUNDING = 1e-9  # gaps below it are rounding: no answer


def one_hot(frame: pd.DataFrame) -> Tensor:
    """Attributes as a vector whose cosine is the share of attributes in which two artists agree."""
    return torch.tensor(pd.get_dummies(frame[list(ATTRIBUTES)]).to_numpy(dtype=np.float32))


def scaled(sound: pd.DataFrame) -> Tensor:
    """Numbers from 0 to 1 over the items, each beside its complement: two low ones are as alike as two high ones.

    A centred number would not do: an effective number sees cos² only, and takes the opposite for the same.
    """
    low, high = sound.min(), sound.max()
    part = ((sound - low) / (high - low).where(high > low, 1.0)).to_numpy(dtype=np.float32)
    return torch.from_numpy(np.concatenate([part, 1 - part], 1))


def sound_words(sound: pd.DataFrame) -> list[str]:
    """What a classifier heard, the likelier of each pair: "danceable, not aggressive, happy, ..."."""
    pairs = [(str(name), f"not_{name}") for name in sound if f"not_{name}" in sound]
    pairs += [("bright", "dark"), ("tonal", "atonal"), ("instrumental", "voice")]
    picked = [np.where((sound[a] >= sound[b]).to_numpy(), a, b) for a, b in pairs if a in sound and b in sound]
    return [", ".join(str(word).replace("_", " ") for word in row) for row in np.array(picked).T]


def joined(left: Tensor, right: Tensor) -> Tensor:
    """Vectors side by side at equal weight: the cosine is the mean of the two."""
    return torch.cat([torch.nn.functional.normalize(each, dim=1) for each in (left, right)], 1)


def readings(data: Dataset, encode: Callable[[list[str]], Tensor]) -> dict[str, dict[str, Kernel]]:
    """Kernels of the 32 items of each block, by what they look at; a block is absent where there is nothing."""
    frame, sound = data.catalog.frame, data.extras["sound"].set_index("item_id")
    blocks = {str(name): part for name, part in frame.groupby("block", sort=False)}
    high = [name for name in sound.columns if sound[name].between(0, 1).all() and name in _heard(sound)]
    heard = {name: sound.loc[part["item_id"]] for name, part in blocks.items() if name != "artist"}
    about = {name: one_hot(part) for name, part in blocks.items() if name != "track"}
    tone = {name: scaled(part[high]) for name, part in heard.items()}
    fine = {name: scaled(part.drop(columns=high)) for name, part in heard.items()}
    words = {name: sound_words(part) for name, part in heard.items()}
    said = {name: part["text"].tolist() for name, part in blocks.items() if name != "track"}
    both = [f"{artist}. {track}" for artist, track in zip(said["both"], words["both"], strict=True)]
    vectors = {
        "attributes": {**about, **tone, "both": joined(about["both"], tone["both"])},
        "text": {name: encode(texts) for name, texts in {**said, **words, "both": both}.items()},
        "artist attributes alone": about,
        "artist text alone": {name: encode(texts) for name, texts in said.items()},
        "sound alone, what a classifier heard": tone,
        "sound alone, signal": fine,
        "sound alone, in words": {name: encode(texts) for name, texts in words.items()},
    }
    return {name: {block: EmbeddingKernel(each) for block, each in part.items()} for name, part in vectors.items()}


def _heard(sound: pd.DataFrame) -> set[str]:
    """Names of what a classifier heard: they come in pairs that sum to one."""
    named = {str(name) for name in sound if f"not_{name}" in sound}
    pairs = {"bright", "dark", "tonal", "atonal", "instrumental", "voice"}
    return named | {f"not_{name}" for name in named} | pairs


def choices(kernels: Mapping[str, Kernel], metric: str, given: Votes) -> Floats:
    """List A less list B by a metric, one number a question; NaN where the block cannot be read, 0 for a tie."""
    gaps = np.full(len(given.questions), np.nan)
    for block, kernel in kernels.items():
        asked = np.flatnonzero(np.array(given.blocks) == block)
        lists = Recommendations(np.arange(kernel.n_items).reshape(2 * len(asked), -1))
        values = compute(metric, lists, kernel=kernel).per_list
        if values is None:
            raise ValueError(f"metric must have one value a list, got {metric!r}")
        gap = np.asarray(values)[0::2] - np.asarray(values)[1::2]
        gaps[asked] = np.where(np.abs(gap) < _ROUNDING, 0.0, gap)
    return gaps


def categories(data: Dataset, given: Votes) -> Floats:
    """Distinct countries of list A less those of list B."""
    frame = data.catalog.frame
    counts = frame[frame["block"] != "track"].groupby(["question", "list"])["country"].nunique().unstack()
    return (counts["A"] - counts["B"]).reindex(given.questions).to_numpy(dtype=np.float64)


def judged(data: Dataset, encode: Callable[[list[str]], Tensor]) -> dict[str, Any]:
    """Votes, what people agree on, and the agreement of every metric under every reading."""
    given = votes(data.extras["answers"])
    lines = [{"reads": "countries", "metric": "number of countries", **agreement(categories(data, given), given)}]
    for reading, kernels in readings(data, encode).items():
        for title, metric in METRICS.items():
            gaps = choices(kernels, metric, given)
            lines.append({"reads": reading, "metric": title, **agreement(gaps, given)})
    questions = [
        {
            "question": name,
            "block": block,
            **{word: int((given.sign[:, j] == sign).sum()) for word, sign in (("A", 1), ("B", -1), ("unsure", 0))},
        }
        for j, (name, block) in enumerate(zip(given.questions, given.blocks, strict=True))
    ]
    return {
        "people": len(given.sign),
        "questions": questions,
        "humans": human_agreement(given),
        "lines": lines,
    }
