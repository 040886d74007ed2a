"""A shop to ask questions of: items, lines of invoices, baskets, and the lists of several recommenders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.sparse import csr_array

from recdiv import datasets
from recdiv._redeal import redeal
from recdiv.experiments._sets import Prepared
from recdiv.kernels import EmbeddingKernel
from recdiv.tables import EMPTY, Catalog, Interactions, Recommendations

K = 10  # slots of a list, products of a basket
DOZEN = 12  # units on the median line from which a customer counts as wholesale
BANDS = ("lowest", "low", "middle", "high", "highest")


@dataclass(frozen=True)
class Shop:
    """What the questions of this field are asked of.

    Attributes:
        prepared: items and split.
        kernel: what their texts say.
        lines: one row a line of an invoice of anybody: user_id, item (row), basket_id, timestamp, quantity, price.
        lists: of each recommender, for everybody tested, K slots.
        at: the moment from which on the test part lies.
    """

    prepared: Prepared
    kernel: EmbeddingKernel
    lines: pd.DataFrame
    lists: Mapping[str, Recommendations]
    at: pd.Timestamp

    @property
    def catalog(self) -> Catalog:
        """The items."""
        return self.prepared.catalog


def lines_of(data: datasets.Dataset) -> pd.DataFrame:
    """Every line of an invoice, oldest first, with the row of its item.

    Raises:
        ValueError: if the set holds no baskets.
    """
    events = data.interactions
    if events is None or "basket_id" not in events.frame:
        raise ValueError(f"{data.name} holds no baskets")
    return events.frame.assign(item=events.item)


def baskets(lines: pd.DataFrame, *, k: int, rng: int, one_each: bool = True) -> Recommendations:
    """Natural lists: ``k`` different products of a basket, drawn at random, of baskets that hold so many.

    Args:
        lines: lines of invoices.
        k: products a list.
        rng: seed of the drawing.
        one_each: the first such basket of each customer, in place of all, so that each weighs the same.

    Returns:
        Lists by customer; a basket has no ranks, so their order says nothing.
    """
    unique = lines.drop_duplicates(["basket_id", "item"])
    sizes = unique.groupby("basket_id")["item"].transform("size")
    kept = unique[sizes >= k]
    if one_each:
        first = kept.drop_duplicates("user_id")["basket_id"]
        kept = kept[kept["basket_id"].isin(first)]
    chance = np.random.default_rng(rng).random(len(kept))
    drawn = kept.assign(chance=chance).sort_values(["basket_id", "chance"]).groupby("basket_id").head(k)
    if not len(drawn):
        return Recommendations(torch.empty(0, k, dtype=torch.int64), users=[])
    return Recommendations(
        drawn["item"].to_numpy().reshape(-1, k), users=drawn["user_id"].to_numpy().reshape(-1, k)[:, 0].tolist()
    )


def dealt(lists: Recommendations, *, rng: int) -> Recommendations:
    """The same products dealt at random over the same lists: as popular, of equal length, of nobody in particular."""
    nothing = torch.zeros_like(lists.items)
    items, _ = redeal(lists.items, nothing.double(), nothing, np.random.default_rng(rng))
    return Recommendations(items, users=list(lists.users))


def of_users(lists: Recommendations, users: Recommendations | pd.Series) -> Recommendations:
    """The lists of some users."""
    wanted = users.users if isinstance(users, Recommendations) else users.to_numpy()
    return lists.where(np.isin(lists.users, wanted))


def customers(lines: pd.DataFrame) -> pd.DataFrame:
    """One row a customer: lines, units on the median line, spend, whether wholesale by the rule, and by spend."""
    spent = lines.assign(spend=lines["quantity"] * lines["price"])
    found = spent.groupby("user_id").agg(lines=("item", "size"), units=("quantity", "median"), spend=("spend", "sum"))
    found["wholesale"] = found["units"] >= DOZEN
    found["top_spender"] = found["spend"] >= found["spend"].quantile(0.9)
    return found


def price_bands(prices: pd.Series) -> pd.Series:
    """Which fifth of the shelf an item's price lies in, from lowest to highest; equal prices share a band.

    >>> price_bands(pd.Series([1.0, 2.0, 3.0, 4.0, 5.0])).tolist()
    ['lowest', 'low', 'middle', 'high', 'highest']
    """
    edges = prices.quantile(np.arange(1, len(BANDS)) / len(BANDS)).to_numpy()
    return pd.Series(np.array(BANDS)[np.searchsorted(edges, prices.to_numpy(), side="left")], index=prices.index)


def basket_matrix(lines: pd.DataFrame, n_items: int, *, most: int) -> csr_array:
    """Baskets × items, 1 where a basket holds the item; baskets of 2 to ``most`` different products."""
    unique = lines.drop_duplicates(["basket_id", "item"])
    sizes = unique.groupby("basket_id")["item"].transform("size")
    kept = unique[(sizes >= 2) & (sizes <= most)]
    codes, names = pd.factorize(kept["basket_id"])
    return csr_array((np.ones(len(kept)), (codes, kept["item"])), shape=(len(names), n_items))


def first_purchases(events: Interactions, *, k: int, rng: int) -> Recommendations:
    """Baskets of what their customer bought for the first time: what a list that never repeats could have held."""
    return baskets(events.frame.assign(item=events.item), k=k, rng=rng)


def padded_share(lists: Recommendations) -> float:
    """Share of slots that are empty."""
    return float((lists.items == EMPTY).double().mean())
