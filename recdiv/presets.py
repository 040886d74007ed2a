r"""What the encoder reads of an item, and when two items are the same thing, field by field.

A catalogue has more columns than a title and a text, and fields differ in which of them say what an item *is*. A preset
holds three choices: the template of what is read, whether the mean vector is taken out, and which near-copies count
as one thing. Each was chosen by the evidence named in its ``evidence``; chapters 6.1 to 6.4 show it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from recdiv._columns import require_columns
from recdiv._days import days_of
from recdiv._missing import Missing
from recdiv._recordings import recording
from recdiv._titles import edition_key
from recdiv.kernels import EmbeddingKernel
from recdiv.tables import Catalog

__all__ = ["Preset", "get", "names", "product"]

_BLOCK = 1024  # rows of the similarity matrix held at once


@dataclass(frozen=True)
class Preset:
    """How the items of one field are read and compared.

    Attributes:
        name: of the field.
        reads: columns put before the text, in this order, where a catalogue has them; ``|`` between labels becomes a
            comma.
        titled: whether the title is read first even where there is something else to read.
        without: sources of text that are not read (values of a column ``text_source``).
        centred: whether the mean vector of the catalogue is taken out before cosines.
        near: cosine from which two items are one thing; above 1 for never by the vectors alone.
        days: how far apart in time they may be for that, where the catalogue has times.
        key: what is left of a title when only the variant is told apart; equal keys are one thing. None for never.
        along: columns that must agree as well, where a catalogue has them.
        evidence: what the choices rest on, in one sentence.

    >>> shop = Catalog(pd.DataFrame({"item_id": [1, 2], "title": ["RED MUG", "BLUE MUG"]}))
    >>> get("ecommerce").same_thing(shop).tolist()
    [0, 0]
    """

    name: str
    reads: tuple[str, ...] = ()
    titled: bool = True
    without: tuple[str, ...] = ()
    centred: bool = False
    near: float = 2.0
    days: float = math.inf
    key: Callable[[str], str] | None = field(default=None, repr=False)
    along: tuple[str, ...] = ()
    evidence: str = ""

    def catalog(self, catalog: Catalog) -> Catalog:
        """The same items with ``text`` as the encoder should read it; a catalogue with nothing to add is unchanged.

        Raises:
            ValueError: if there is neither a title nor a text.

        >>> frame = pd.DataFrame({"item_id": [1], "title": ["Heat"], "category": ["Crime|Drama"], "text": ["A heist."]})
        >>> get("video").catalog(Catalog(frame)).texts()
        ['Heat. Crime, Drama. A heist.']
        """
        frame = catalog.frame
        if "title" not in frame and "text" not in frame:
            raise ValueError(f"catalog needs a 'title' or a 'text' column, got {', '.join(map(repr, frame))}")
        parts = [_words(frame[column]) for column in self.reads if column in frame]
        if "text" in frame:
            body = frame["text"].fillna("").astype(str)
            if "text_source" in frame:
                body = body.mask(frame["text_source"].isin(self.without), "")
            parts.append(body)
        if not parts:
            return catalog
        frame = frame.assign(text=_joined(parts))
        if not self.titled and "title" in frame:
            frame["title"] = frame["title"].mask(frame["text"].str.strip() != "", "")
        return Catalog(frame)

    def kernel(
        self,
        catalog: Catalog,
        *,
        encoder: Any = None,  # noqa: ANN401
        missing: Missing = "same",
        rng: int = 0,
    ) -> EmbeddingKernel:
        """The kernel of what the items say, read by the template.

        Args:
            catalog: the items, as they are: :meth:`catalog` is applied here.
            encoder, missing, rng: as in :meth:`recdiv.EmbeddingKernel.from_text`.
        """
        kernel = EmbeddingKernel.from_text(self.catalog(catalog), encoder=encoder, missing=missing, rng=rng)
        return centre(kernel) if self.centred else kernel

    def same_thing(self, catalog: Catalog, kernel: EmbeddingKernel | None = None) -> Tensor:
        """A number for each thing, int64 ``[I]``: near-copies share one (that of the first of them).

        Items are joined if their titles have the same key (and ``along`` agrees), or their cosine reaches ``near`` and
        no more than ``days`` lie between them; what is joined to the same item is joined. Without ``kernel`` the keys
        decide alone.

        Raises:
            ValueError: if ``kernel`` is of another catalogue.
        """
        if kernel is not None and kernel.n_items != len(catalog):
            raise ValueError(f"kernel must be of the catalog ({len(catalog)} items), got {kernel.n_items} items")
        joined = _by_key(catalog, self.key, self.along) if self.key else torch.arange(len(catalog))
        if kernel is None or self.near > 1:
            return joined
        pairs = near_pairs(kernel, self.near)
        if math.isfinite(self.days) and "timestamp" in catalog.frame:
            day = torch.tensor(days_of(catalog))
            pairs = pairs[(day[pairs[:, 0]] - day[pairs[:, 1]]).abs() <= self.days]
        return components(pairs, joined)


def centre(kernel: EmbeddingKernel) -> EmbeddingKernel:
    r"""The kernel of :math:`\varphi_i - \bar\varphi`: what all items have in common no longer makes them alike.

    An item at the mean itself keeps its direction.

    >>> centre(EmbeddingKernel([[1.0, 0.2], [1.0, -0.2]])).gram([0, 1]).round(decimals=6).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    vectors = kernel.vectors.double()
    moved = vectors - vectors.mean(0)
    lost = torch.linalg.vector_norm(moved, dim=1) < 1e-6  # float32 vectors of length one: rounding alone is 1e-7
    return EmbeddingKernel(torch.where(lost[:, None], vectors, moved).float())


def near_pairs(kernel: EmbeddingKernel, near: float) -> Tensor:
    """Pairs of items ``[n, 2]``, first the lower, whose cosine is at least ``near``; a block of rows at a time."""
    found = []
    every = torch.arange(kernel.n_items)
    for start in range(0, kernel.n_items, _BLOCK):
        rows = every[start : start + _BLOCK]
        hits = (kernel.cross(rows, every) >= near).nonzero()
        pairs = torch.stack([rows[hits[:, 0]], hits[:, 1]], 1)
        found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return torch.cat(found)


def components(pairs: Tensor, numbers: Tensor) -> Tensor:
    """Numbers ``[I]`` of things after joining those of each pair: the lowest item of each.

    >>> components(torch.tensor([[0, 2], [2, 3]]), torch.arange(5)).tolist()
    [0, 1, 0, 0, 4]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(numbers)
    both = torch.cat([pairs, torch.stack([torch.arange(n), numbers], 1)]).numpy()
    _, labels = connected_components(coo_array((torch.ones(len(both)).numpy(), both.T), shape=(n, n)), directed=False)
    label = torch.from_numpy(labels).long()
    lowest = torch.full((n,), n).scatter_reduce(0, label, torch.arange(n), "amin")
    return lowest[label]


def _by_key(catalog: Catalog, key: Callable[[str], str], along: tuple[str, ...]) -> Tensor:
    """The first item with the same key, and the same in ``along``; an item without a key is a thing of its own."""
    require_columns(catalog.frame, "catalog", ["title"])
    keys = catalog.frame["title"].fillna("").astype(str).map(key)
    others = [catalog.frame[column].to_numpy() for column in along if column in catalog.frame]
    groups = pd.Series(range(len(keys))).groupby([keys.to_numpy(), *others], dropna=False)
    first = groups.transform("first").to_numpy()
    alone = torch.arange(len(keys))
    return torch.where(torch.tensor((keys == "").to_numpy()), alone, torch.tensor(first))


def _words(column: pd.Series) -> pd.Series:
    return (
        column.map(lambda value: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value)
        .fillna("")
        .astype(str)
        .str.replace("|", ", ")
    )


def _joined(parts: list[pd.Series]) -> pd.Series:
    """Parts of a text, each closed by a full stop before the next."""
    text = parts[0]
    for part in parts[1:]:
        text = text.where(text == "", text + ". ") + part
    return text


_COLOURS = (
    "amber amethyst aqua beige black blue bronze brown burgundy charcoal clear copper coral cream emerald fuchsia "
    "fuschia gold golden green grey gray ivory lavender lilac lime magenta mauve mint multicolour multicoloured multi "
    "navy natural orange pastel peach pink plum purple red rose ruby sage sand silver sky slate teal terracotta topaz "
    "turq turquois turquoise violet white wht yellow dusty pale dark lt midnight"
)
_SIZES = "small medium large mini midi big giant tall short little extra xl xxl size sized"
_COUNTS = (
    "set pack packs pair of single twin assorted asstd asst piece pcs pc one two three four five six seven eight nine "
    "ten dozen twelve each multipack"
)
_VARIANT = frozenset(f"{_COLOURS} {_SIZES} {_COUNTS} a an the with w and in on for by your".split())


def product(title: str) -> str:
    """What a product's title says beside colour, size, count, and the letter or number on it; in alphabetical order.

    Left out too: what stands in brackets, articles and the like, and a plural ``s``.

    >>> product("SET OF 6 RED MUGS"), product("Mug, blue (large)"), product("Tea mug")
    ('mug', 'mug', 'mug tea')
    """
    words = re.findall(r"[^\W_]+", re.sub(r"\(.*?\)", " ", title.lower()))
    kept = [word for word in words if word not in _VARIANT and len(word) > 1 and not any(map(str.isdigit, word))]
    return " ".join(sorted({re.sub(r"(?<=\w\w[^\Ws])s$", "", word) for word in kept}))


_PRESETS = {
    each.name: each
    for each in (
        Preset(
            "ecommerce",
            near=0.95,
            key=product,
            evidence="results/ecommerce.json: on Online Retail the key joins 85 % of the copies among pairs judged by "
            "hand, a cosine of 0.95 alone 20 %, both 87 %, and no judged pair that they join is anything else; of 80 "
            "pairs that the key joins, drawn after it was fixed, 78 are copies (a cosine of 0.9 alone: 59 %, and 95 of "
            "100 are copies); whole titles recommend better than bare ones; taking the mean vector out moves little",
        ),
        Preset(
            "news",
            centred=True,
            near=0.75,
            days=3.0,
            evidence="results/news.json: on NeMig pairs of one sub-topic lie closer with chance 0.85 centred and 0.78 "
            "plain; on the sample 99 % of the pairs joined within three days tell one story, without dates 72 %",
        ),
        Preset(
            "music",
            titled=False,
            centred=True,
            near=2.0,
            key=recording,
            evidence="results/music.json: centred tags without the name are right on 88 % of Last.fm's triplets about "
            "who is heard together, name and tags as they are on 83 %; on the sample 92 to 98 % of pairs with one key "
            "are one thing, and 85 to 91 % of such pairs are found",
        ),
        Preset(
            "video",
            reads=("category",),
            without=("tags",),
            near=2.0,
            key=edition_key,
            along=("year",),
            evidence="results/video.json: on 1,070 judged pairs of films title and genres agree with people better "
            "(AUC 0.72) than titles (0.62); title and year tell an edition from a sequel, vectors hardly do (AUC 0.69)",
        ),
    )
}


def names() -> list[str]:
    """The fields there are presets for."""
    return list(_PRESETS)


def get(name: str) -> Preset:
    """The preset of a field.

    Raises:
        ValueError: if ``name`` is not one of :func:`names`.
    """
    if name not in _PRESETS:
        raise ValueError(f"name must be one of {', '.join(_PRESETS)}, got {name!r}")
    return _PRESETS[name]
