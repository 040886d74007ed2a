"""What is measured each round, of what was shown and of what was chosen, for everybody and for each group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from recdiv._coverage import semantic_coverage
from recdiv._divergence import drift, list_qjsd
from recdiv._partition import partition
from recdiv.kernels import Kernel
from recdiv.loop._choose import Choices
from recdiv.loop._config import Config
from recdiv.loop._state import Row, State
from recdiv.loop._world import Floats, Ints
from recdiv.metrics.gini import gini_of
from recdiv.tables import Recommendations

_LONGEST = 20  # latest items of a history that calibration looks at


@dataclass(frozen=True)
class Round:
    """One round before it is logged.

    Attributes:
        state: the loop before the round.
        day: when it takes place.
        lists: what was shown, ``[U, K]``.
        made: what was chosen.
        wish: what each user wished of each item, boredom and fatigue taken off, 0 where it is not out or was had.
        out: which items are out, ``[I]``.
        counts: how often each item was interacted with so far, ``[I]``.
        histories: item rows of each user, oldest first.
        neighbours: the user most alike, ``[U]``.
    """

    state: State
    day: float
    lists: Ints
    made: Choices
    wish: Floats
    out: npt.NDArray[np.bool_]
    counts: Ints
    histories: list[Ints]
    neighbours: Ints

    def chosen(self) -> Ints:
        """Choices as lists, ``[U, n]``, -1 where a user made fewer."""
        counts = np.bincount(self.made.user, minlength=len(self.lists))
        rows = np.full((len(self.lists), max(int(counts.max()), 1)), -1, dtype=np.int64)
        rows[self.made.user, np.arange(len(self.made.user)) - (counts.cumsum() - counts)[self.made.user]] = (
            self.made.item
        )
        return rows

    def recent(self, n: int) -> Ints:
        """The latest ``n`` items of each user after this round, ``[U, n]``, -1 where there are fewer."""
        rows = np.full((len(self.lists), n), -1, dtype=np.int64)
        for row, (before, last) in enumerate(zip(self.histories, self.chosen(), strict=True)):
            latest = np.concatenate([before, last[last >= 0]])[-n:]
            rows[row, : len(latest)] = latest
        return rows


def measured(now: Round, config: Config, kernel: Kernel) -> list[Row]:
    """Every number of a round."""
    world = now.state.world
    everybody = np.ones(world.n_users, dtype=bool)
    groups = {"all": everybody, "mainstream": ~world.niche, "niche": world.niche}
    number, rows = now.state.round + 1, []
    for view, lists in {"shown": now.lists, "chosen": now.chosen(), "recent": now.recent(config.k)}.items():
        per_user = _per_user(now, lists, view, kernel)
        for group, mask in groups.items():
            if mask.any():
                lift = {"popularity_lift": _lift(now, lists, mask)}
                some = {**_spread(now, lists[mask]), **lift, **_means(per_user, mask)}
                if view != "chosen":  # a round's few choices hold no variety to speak of: that is what recent is for
                    some |= _variety(
                        now, lists[mask], kernel, config.null if view == "shown" else 0, config.seed + number
                    )
                rows += [(number, now.day, group, view, name, value) for name, value in some.items()]
    rows += [(number, now.day, "all", view, name, value) for view, name, value in _moved(now, kernel)]
    adopted = float((now.made.slot > 0).mean()) if len(now.made.slot) else float("nan")
    loop = {"adopted": adopted, "diversity": now.state.diversity}
    return [*rows, *((number, now.day, "all", "loop", name, value) for name, value in loop.items())]


def _variety(now: Round, lists: Ints, kernel: Kernel, null: int, seed: int) -> dict[str, float]:
    """How many different things there are, within lists, between them and in all."""
    recs = Recommendations(lists)
    part = partition(recs, kernel, null=null, rng=seed)
    beyond = {"chi_excess": part.chi_excess} if null else {}
    return {
        **{"alpha": part.alpha, "beta": part.beta, "gamma": part.gamma, "chi": part.chi, **beyond},
        "semantic_coverage": semantic_coverage(recs, kernel, demand=now.out.astype(float)),
    }


def _spread(now: Round, lists: Ints) -> dict[str, float]:
    """How attention is spread over the items that are out, and how popular what gets it is (1: as the mean item)."""
    counts = Recommendations(lists).counts(len(now.out))
    share = counts[now.out].double()
    crowd = torch.from_numpy(now.counts / max(now.counts[now.out].mean(), 1e-12))
    return {
        "coverage": float((share > 0).double().mean()),
        "gini": gini_of(share, len(share)),
        "popularity": float(counts.double() @ crowd / counts.sum().clamp(min=1)),
    }


def _moved(now: Round, kernel: Kernel) -> Iterator[tuple[str, str, float]]:
    """How far what is shown has moved since the first round, and since the last."""
    mine = Recommendations(now.lists).counts(len(now.out))
    for name, before in (("drift", now.state.exposure[:1]), ("step", now.state.exposure[-1:])):
        if before:
            yield "shown", name, drift(before[0], mine, kernel)


def _per_user(now: Round, lists: Ints, view: str, kernel: Kernel) -> dict[str, Floats]:
    """Measures each user has one of."""
    world = now.state.world
    held = lists >= 0
    topics = np.where(held[:, :, None], world.item_topics[lists.clip(min=0)], 0.0).sum(1)
    return {
        **({"calibration": _calibration(now, kernel)} if view == "shown" else {}),
        **({} if view == "recent" else {"satisfaction": _satisfaction(now, lists, view)}),
        "interest_gap": _js(topics, world.interests_at(now.day)),
        "taste_shift": _js(topics, world.past_topics),
        "homogenisation": _alike(now, lists, view),
    }


def _calibration(now: Round, kernel: Kernel) -> Floats:
    """How far each list is from its user's latest items (``calibration_qjsd`` of the metrics), nats ``[U]``."""
    history = np.full((len(now.lists), _LONGEST), -1, dtype=np.int64)
    for row, rows in enumerate(now.histories):
        history[row, : len(rows[-_LONGEST:])] = rows[-_LONGEST:]
    return np.asarray(list_qjsd(now.lists, history, kernel).cpu().numpy())


def _satisfaction(now: Round, lists: Ints, view: str) -> Floats:
    """Wish met by each list, of what the best list would meet; shown slots weigh what they are looked at."""
    weight = now.state.world.look[: lists.shape[1]] if view == "shown" else np.ones(lists.shape[1])
    held = lists >= 0
    met = np.where(held, np.take_along_axis(now.wish, lists.clip(min=0), 1), 0.0) * weight
    length = lists.shape[1]
    best = -np.sort(np.partition(-now.wish, length - 1, axis=1)[:, :length], axis=1)
    best = np.where(held, best, 0.0) * weight if view == "chosen" else best * weight
    total = best.sum(1)
    return np.asarray(met.sum(1) / np.where(total > 0, total, np.nan))


def _lift(now: Round, lists: Ints, mask: npt.NDArray[np.bool_]) -> float:
    """By what part the lists of a group are more popular than its histories (``popularity_lift`` of the metrics)."""
    held = lists >= 0
    shown = np.where(held, now.counts[lists.clip(min=0)], 0).sum(1) / held.sum(1).clip(min=1)
    sizes = np.array([len(rows) for rows in now.histories])
    whose = np.repeat(np.arange(len(sizes)), sizes)
    liked = np.bincount(whose, now.counts[np.concatenate(now.histories)], minlength=len(sizes)) / sizes.clip(min=1)
    both = mask & held.any(1) & (sizes > 0)
    return float(shown[both].mean() / liked[both].mean() - 1) if both.any() else float("nan")


def _means(per_user: dict[str, Floats], mask: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Means over the users of a group for whom a measure is defined."""
    found = {name: values[mask] for name, values in per_user.items()}
    return {name: float(x[~np.isnan(x)].mean()) if (~np.isnan(x)).any() else float("nan") for name, x in found.items()}


def _js(p: Floats, q: Floats) -> Floats:
    """Jensen–Shannon divergence of rows scaled to sum 1, nats ``[U]``; NaN where one is all zero."""
    total_p, total_q = p.sum(1, keepdims=True), q.sum(1, keepdims=True)
    p = p / np.where(total_p > 0, total_p, np.nan)
    q = q / np.where(total_q > 0, total_q, np.nan)
    return np.asarray(_entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2).clip(min=0)


def _entropy(p: Floats) -> Floats:
    return np.asarray(-(p * np.log(np.where(p > 0, p, 1.0))).sum(1))


def _alike(now: Round, lists: Ints, view: str) -> Floats:
    """Jaccard similarity to the user most alike, ``[U]``: of what is shown, or of all choices in the loop."""
    held = np.zeros(now.wish.shape, dtype=bool)
    row, slot = (lists >= 0).nonzero()
    held[row, lists[row, slot]] = True
    if view == "chosen":
        held[now.state.user, now.state.item] = True
    both = (held & held[now.neighbours]).sum(1)
    union = (held | held[now.neighbours]).sum(1)
    return np.asarray(both / np.where(union > 0, union, np.nan))
