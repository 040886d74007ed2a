"""Who buys, and at what price: wholesale and retail customers, and bands of price, against lists and baskets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from recdiv.diversity import effective_number, partition
from recdiv.evaluation import evaluate
from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.experiments._measure import plain
from recdiv.experiments._shop import BANDS, K, Shop, baskets, customers, dealt, of_users, price_bands
from recdiv.metrics import compute
from recdiv.tables import Catalog, Recommendations

NULL = 5
DRAWS = 2000
Numbers = np.ndarray[Any, Any]
Line = dict[str, Any]


def compared(one: Numbers, other: Numbers, *, draws: int = DRAWS) -> Line:
    """The means of two groups of people and their difference, one less the other, with a bootstrap interval."""
    means = [
        bootstrap_means(each[:, None], range(len(each)), draws=draws, rng=i)[:, 0]
        for i, each in enumerate((one, other))
    ]
    low, high = percentile_interval(means[0] - means[1], 0.95)
    return {
        "one": plain(float(np.nanmean(one))),
        "other": plain(float(np.nanmean(other))),
        "difference": plain(float(np.nanmean(one) - np.nanmean(other))),
        "low": plain(low),
        "high": plain(high),
        "n": [len(one), len(other)],
    }


def rule(lines: pd.DataFrame) -> Line:
    """Who counts as wholesale by the rule, and what another rule would say."""
    people = customers(lines)
    big = people["wholesale"]
    return {
        "customers": len(people),
        "wholesale": int(big.sum()),
        "share_of_lines": plain(people.loc[big, "lines"].sum() / people["lines"].sum()),
        "share_of_spend": plain(people.loc[big, "spend"].sum() / people["spend"].sum()),
        "lines_each": [plain(people.loc[big, "lines"].median()), plain(people.loc[~big, "lines"].median())],
        "top_spenders": int(people["top_spender"].sum()),
        "both": int((big & people["top_spender"]).sum()),
        "rank_correlation_of_units_and_spend": plain(people["units"].corr(people["spend"], method="spearman")),
    }


def by_rule(lines: pd.DataFrame) -> dict[str, list[Any]]:
    """The customers of each kind."""
    people = customers(lines)
    return {
        "wholesale": people.index[people["wholesale"]].tolist(),
        "retail": people.index[~people["wholesale"]].tolist(),
    }


def baskets_by_group(shop: Shop, column: str, *, rng: int) -> Line:
    """Variety of one basket of each customer, wholesale (or top spenders) against the others, and between the two."""
    people = customers(shop.lines)
    every = baskets(shop.lines, k=K, rng=rng)
    chosen = people.loc[every.users, column].to_numpy()
    numbers = effective_number(every, shop.kernel).numpy()
    apart = partition(every, shop.kernel, by=chosen.tolist(), null=20)
    bands = Catalog(shop.catalog.frame.assign(category=price_bands(shop.catalog.frame["price"])))
    entropy = compute("category_entropy", every, catalog=bands).per_list
    return {
        "effective_number": compared(numbers[chosen], numbers[~chosen]),
        "price_entropy": compared(entropy.numpy()[chosen], entropy.numpy()[~chosen]) if entropy is not None else None,
        "chi_between": plain(apart.chi),
        "chi_between_null": plain(float(apart.chi_null.mean())),
        "chi_between_null_most": plain(float(apart.chi_null.max())),
    }


def lists_by_group(shop: Shop) -> dict[str, Line]:
    """Accuracy and variety of each recommender's lists, for wholesale customers and for the others."""
    people = customers(shop.lines)
    found = {}
    for name, lists in shop.lists.items():
        chosen = people.loc[lists.users, "wholesale"].to_numpy()
        report = evaluate(lists, shop.catalog, test=shop.prepared.split.test, metrics=["ndcg@10"], confidence=None)
        right = report.lists["ndcg@10"].to_numpy()
        numbers = effective_number(lists, shop.kernel).numpy()
        found[name] = {
            "ndcg@10": compared(right[chosen], right[~chosen]),
            "effective_number": compared(numbers[chosen], numbers[~chosen]),
        }
    return found


def new_products(shop: Shop) -> Line:
    """How many first purchases of the test there are of a wholesale customer and of another: what can be hit."""
    test = shop.prepared.split.test
    counts = np.bincount(test.user).astype(np.float64)
    chosen = customers(shop.lines).loc[test.users, "wholesale"].to_numpy()
    return compared(counts[chosen], counts[~chosen])


def banded(shop: Shop) -> Catalog:
    """The catalogue with bands of price as its categories."""
    return Catalog(shop.catalog.frame.assign(category=price_bands(shop.catalog.frame["price"]).to_numpy()))


def prices(shop: Shop, natural: Recommendations, *, rng: int) -> Line:
    """Bands of price inside lists, beside baskets of the same customers and beside their history.

    ``entropy`` is the mean entropy of a list's bands (at most ln 5), ``calibration`` the Jensen–Shannon divergence of
    its bands and those of the customer's history, with what lists dealt at random would score, and ``log_price`` the
    mean log price of its items less that of the history: above 0, dearer than what was bought.
    """
    catalog, known = banded(shop), shop.prepared.split.known
    log = np.log(shop.catalog.frame["price"].to_numpy())
    systems: Mapping[str, Recommendations] = {
        "baskets": natural,
        "baskets, dealt": dealt(natural, rng=rng),
        **{name: of_users(lists, natural) for name, lists in shop.lists.items()},
    }
    rows = {}
    for name, lists in systems.items():
        report = evaluate(
            lists, catalog, train=known, metrics=["category_entropy", "calibration_js"], null=NULL
        ).frame.set_index("metric")
        past = np.array([log[history].mean() for history in known.histories(lists.users)])
        dearer = (np.where(lists.items.numpy() >= 0, log[lists.items.numpy().clip(min=0)], np.nan)).mean(1) - past
        low, high = percentile_interval(bootstrap_means(dearer[:, None], list(lists.users))[:, 0], 0.95)
        columns = ("value", "low", "high", "null")
        rows[name] = {
            "entropy": {key: plain(report.loc["category_entropy", key]) for key in columns},
            "calibration": {key: plain(report.loc["calibration_js", key]) for key in columns},
            "log_price": {"value": plain(float(dearer.mean())), "low": plain(low), "high": plain(high)},
            "bands": {band: plain(share) for band, share in band_shares(lists, catalog).items()},
        }
    edges = shop.catalog.frame["price"].quantile([0.2, 0.4, 0.6, 0.8]).tolist()
    return {"edges": edges, "systems": rows, "seen_by_text": seen_by_text(shop)}


def band_shares(lists: Recommendations, catalog: Catalog) -> dict[str, float]:
    """Share of all slots in each band."""
    items = lists.items.numpy()
    held = pd.Series(catalog.frame["category"].to_numpy()[items[items >= 0]]).value_counts(normalize=True)
    return {band: float(held.get(band, 0.0)) for band in BANDS}


def seen_by_text(shop: Shop, *, pairs: int = 100_000) -> Line:
    """Whether near texts have near prices: rank correlation of cosine and distance of log prices, over random pairs."""
    log = torch.from_numpy(np.log(shop.catalog.frame["price"].to_numpy()))
    rows = torch.from_numpy(np.random.default_rng(0).choice(len(log), size=(pairs, 2)))
    rows = rows[rows[:, 0] != rows[:, 1]]
    cosine = (shop.kernel.vectors[rows[:, 0]] * shop.kernel.vectors[rows[:, 1]]).sum(1)
    gap = (log[rows[:, 0]] - log[rows[:, 1]]).abs()
    frame = pd.DataFrame({"cosine": cosine.numpy(), "gap": gap.numpy()})
    near = frame["cosine"] >= frame["cosine"].quantile(0.99)
    return {
        "rank_correlation": plain(frame["cosine"].corr(frame["gap"], method="spearman")),
        "gap": plain(frame["gap"].median()),
        "gap_of_nearest": plain(frame.loc[near, "gap"].median()),
        "pairs": len(frame),
    }
