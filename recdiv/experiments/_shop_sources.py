"""Where the categories of a shop without categories come from, and what each source makes of the same lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from recdiv.diversity import partition
from recdiv.experiments._measure import plain
from recdiv.kernels import CategoryKernel, EmbeddingKernel, IdentityKernel, Kernel
from recdiv.lm.clusters import clusters
from recdiv.lm.item_tags import head
from recdiv.tables import Catalog, Recommendations

SIZES = (30, 100, 300)
SEEDS = (0, 1, 2, 3, 4)
NULL = 5
Labels = Sequence[Sequence[str]]


class LastWord:
    """The tagger to beat: the last word of a title is the product, whatever it is."""

    def predict(self, sentences: Sequence[Sequence[str]], /) -> list[list[str]]:
        """One tag a word: the last word that is one begins a product.

        >>> LastWord().predict([["Tea", "pot", "!"]])
        [['O', 'B-Product', 'O']]
        """
        tags = [["O"] * len(words) for words in sentences]
        for words, own in zip(sentences, tags, strict=True):
            for place in reversed(range(len(words))):
                if words[place][0].isalpha():
                    own[place] = "B-Product"
                    break
        return tags


def train_tagger(*, seed: int = 0, epochs: int = 3, n: int | None = None) -> Any:  # noqa: ANN401
    """The tagger of chapter 5, fine-tuned on the bundled titles."""
    from recdiv.datasets.sample.tagging import TAGS, load_tagging
    from recdiv.lm.tagging import Tagger
    from recdiv.lm.train_tagger import fit

    tagger = Tagger.from_encoder(tags=TAGS, rng=seed)
    fit(tagger, load_tagging().train[:n], epochs=epochs, learning_rate=2e-4, rng=seed, progress=False)
    return tagger


def right_heads(catalog: Catalog, heads: Labels, judged: Mapping[Any, str]) -> dict[str, float | int | None]:
    """Of titles whose product was named by hand: how many got the right word, and how many nothing at all."""
    rows = catalog.rows(list(judged))
    found = [heads[row] for row in rows]
    hits = [
        any(head(word) in own for word in true.split("|")) for own, true in zip(found, judged.values(), strict=True)
    ]
    error = float(np.sqrt(np.mean(hits) * (1 - np.mean(hits)) / len(hits)))
    return {
        "right": plain(float(np.mean(hits))),
        "low": plain(max(0.0, float(np.mean(hits)) - 1.96 * error)),
        "high": plain(min(1.0, float(np.mean(hits)) + 1.96 * error)),
        "none": plain(float(np.mean([not own for own in found]))),
        "titles": len(rows),
    }


def describe_labels(labels: Labels) -> dict[str, Any]:
    """How many labels, how many items have none or one that nobody shares, and the commonest."""
    counts = Counter(label for own in labels for label in own)
    alone = sum(bool(own) and all(counts[label] == 1 for label in own) for own in labels)
    return {
        "labels": len(counts),
        "without": plain(sum(not own for own in labels) / len(labels)),
        "alone": plain(alone / len(labels)),
        "commonest": [{"label": label, "items": n} for label, n in counts.most_common(8)],
    }


def sources(kernel: EmbeddingKernel, whole: Labels, last: Labels, *, seed: int = 0) -> dict[str, Kernel]:
    """Every reading of sameness, from the one that sees none to the one that sees all, by what readers call it."""
    found: dict[str, Kernel] = {
        "identities": IdentityKernel(kernel.n_items),
        "tags": CategoryKernel(whole),
        "tags, last word": CategoryKernel(last),
    }
    for n in SIZES:
        labels = clusters(kernel.vectors, n, rng=seed)
        found[f"{n} clusters"] = CategoryKernel([str(label) for label in labels.tolist()])
    return {**found, "vectors": kernel}


def readings(lists: Mapping[str, Recommendations], kernels: Mapping[str, Kernel]) -> list[dict[str, Any]]:
    """Alpha, gamma and chi with its excess, of each system, by each reading of sameness."""
    rows = []
    for source, kernel in kernels.items():
        for system, recs in lists.items():
            parts = partition(recs, kernel, null=NULL)
            numbers = {name: plain(getattr(parts, name)) for name in ("alpha", "gamma", "chi", "chi_excess")}
            rows.append(
                {"source": source, "system": system, **numbers, "chi_null": plain(float(parts.chi_null.mean()))}
            )
    return rows


def cluster_seeds(kernel: EmbeddingKernel, lists: Mapping[str, Recommendations]) -> list[dict[str, Any]]:
    """What another seed or number of clusters makes of the same lists: alpha, and how many pairs stay together."""
    rows = []
    for n in SIZES:
        drawn = [clusters(kernel.vectors, n, rng=seed) for seed in SEEDS]
        kernels = [CategoryKernel([str(label) for label in each.tolist()]) for each in drawn]
        alphas = {name: [partition(recs, each).alpha for each in kernels] for name, recs in lists.items()}
        rows.append(
            {
                "clusters": n,
                "same_pairs": plain(float(np.mean([agreement(drawn[0], each) for each in drawn[1:]]))),
                "alpha": {
                    name: {"mean": plain(float(np.mean(each))), "least": plain(min(each)), "most": plain(max(each))}
                    for name, each in alphas.items()
                },
            }
        )
    return rows


def agreement(one: torch.Tensor, other: torch.Tensor) -> float:
    """Pairs that lie together by both labellings, of those that do by either (Jaccard).

    >>> agreement(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 0, 1]))
    0.25
    """
    both = one * (int(other.max()) + 1) + other
    inside = [float((n * (n - 1) / 2).sum()) for n in (torch.bincount(each).double() for each in (one, other, both))]
    return inside[2] / (inside[0] + inside[1] - inside[2])
