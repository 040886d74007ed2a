"""Baskets beside recommended lists: natural lists of equal length, of the same people, and what chance would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from recdiv.diversity import effective_number, partition
from recdiv.evaluation import compare
from recdiv.experiments._measure import interval, plain
from recdiv.experiments._shop import Shop, baskets, dealt, of_users
from recdiv.kernels import EmbeddingKernel, Kernel
from recdiv.tables import Recommendations

MEASURES = ("effective_number", "ild", "alpha", "gamma", "chi", "item_coverage")
LENGTHS = (5, 10, 20)
NULL = 5


def beside_baskets(shop: Shop, natural: Recommendations, *, rng: int) -> dict[str, Any]:
    """Each system's lists against the baskets of the same customers, paired, with intervals; dealt baskets too.

    ``mean_cosine`` is 1 − ild. ``alpha_null`` is what the same exposures would give inside lists by chance alone.
    """
    systems = {
        "baskets": natural,
        "baskets, dealt": dealt(natural, rng=rng),
        **{name: of_users(lists, natural) for name, lists in shop.lists.items()},
    }
    told = compare(
        systems, shop.catalog, train=shop.prepared.split.known, kernel=shop.kernel, metrics=list(MEASURES), null=NULL
    )
    differences: Any = told.differences.set_index(["metric", "system"]).to_dict("index")
    rows = []
    for name, report in told.reports.items():
        frame: Any = report.frame.set_index("metric").to_dict("index")
        row: dict[str, Any] = {"system": name, "n": int(frame["effective_number"]["n"])}
        for metric in MEASURES:
            row[metric] = {key: plain(frame[metric][key]) for key in ("value", "low", "high", "null")}
        row["alpha_null"] = plain(float(frame["gamma"]["value"] / np.exp(frame["chi"]["null"])))
        if name != "baskets":
            line = differences[("effective_number", name)]
            row["against_baskets"] = {key: plain(line[key]) for key in ("difference", "low", "high", "p_adjusted")}
        rows.append(row)
    return {"systems": rows}


def by_length(
    lines: pd.DataFrame, lists: Mapping[str, Recommendations], kernel: Kernel, *, rng: int
) -> list[dict[str, Any]]:
    """Mean effective number of baskets, of the same products dealt again, and of lists, at several equal lengths.

    Each with its 95 % interval over customers, and of each but the baskets the paired difference from them.
    """
    rows = []
    for k in LENGTHS:
        natural = baskets(lines, k=k, rng=rng)
        some = {"baskets": natural, "baskets, dealt": dealt(natural, rng=rng)}
        some |= {name: of_users(recs.head(k), natural) for name, recs in lists.items()}
        each = pd.DataFrame(
            {name: pd.Series(effective_number(recs, kernel).numpy(), index=recs.users) for name, recs in some.items()}
        )
        apart = each.drop(columns="baskets").sub(each["baskets"], axis=0)
        rows.append({"k": k, "lists": len(each), "means": _means(each), "against_baskets": _means(apart)})
    return rows


def _means(each: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(name): interval(column.to_numpy(dtype=np.float64), each.index) for name, column in each.items()}


def season(lines: pd.DataFrame, kernel: EmbeddingKernel, *, k: int, rng: int) -> dict[str, Any]:
    """How much more alike the products of one basket are than chance: dealt over the year, and within each month.

    What is left within the month is no fashion and no season. ``excess`` is ln(alpha by chance / alpha), nats.
    """
    whole = partition(baskets(lines, k=k, rng=rng), kernel, null=NULL)
    months, weights, values = lines["timestamp"].dt.to_period("M"), [], []
    for _, part in lines.groupby(months):
        natural = baskets(part, k=k, rng=rng)
        if len(natural.items) > 1:
            values.append(partition(natural, kernel, null=NULL).chi_excess)
            weights.append(len(natural.items))
    return {
        "baskets": len(whole.alpha_per_user),
        "alpha": plain(whole.alpha),
        "alpha_null": plain(whole.gamma / np.exp(float(whole.chi_null.mean()))),
        "excess": plain(whole.chi_excess),
        "excess_within_month": plain(float(np.average(values, weights=weights))),
        "months": len(values),
    }


def variants_bought(lines: pd.DataFrame, thing: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Of times that a basket holds a product which has copies, the share at which it holds a copy of it too."""
    unique = lines.drop_duplicates(["basket_id", "item"])
    own = thing[unique["item"].to_numpy()]
    many = np.bincount(thing)[own] > 1
    counts = unique[many].assign(thing=own[many]).groupby(["basket_id", "thing"]).size()
    return {"with_a_copy": plain(float((counts >= 2).mean())), "times_bought": len(counts)}
