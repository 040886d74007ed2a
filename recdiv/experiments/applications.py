"""The four fields side by side, from what the pipeline recorded: the same numbers, and which statements carry over.

Nothing is computed here but comparisons of recorded numbers: ``results/pipeline_<data>.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

SETS = {  # in the order of the chapters
    "online_retail": "E-commerce: Online Retail",
    "nemig": "News: NeMig",
    "lastfm": "Music: Last.fm",
    "movietweetings": "Video: MovieTweetings",
    "movielens": "Video: MovieLens",
}
READER = "Text Transformer"  # the recommender that reads
NEAR_NOUGHT = 0.05  # nats: what is called nothing
Holds = bool | None  # None: cannot be told here


@dataclass(frozen=True)
class Record:
    """One recorded pipeline, ready to be asked.

    Attributes:
        systems: value, low, high, null, excess by (system, metric).
        re_ranked: plain, re-ranked, difference, low, high by metric; empty where nothing was re-ranked.
        one_more: moved, gain, low, high, milliseconds by system.
        note: why nothing was re-ranked.
        setting: method, diversity, low, high of the re-ranking.
    """

    systems: pd.DataFrame
    re_ranked: pd.DataFrame
    one_more: pd.DataFrame
    note: str
    setting: Mapping[str, Any]

    def value(self, system: str, metric: str, column: str = "value") -> float:
        """One number."""
        return _number(self.systems, (system, metric), column)

    def change(self, metric: str, column: str) -> float:
        """One number of the re-ranking."""
        return _number(self.re_ranked, metric, column)

    def answer(self, system: str, column: str) -> float:
        """One number of the answer to one more action."""
        return _number(self.one_more, system, column)

    @property
    def told(self) -> bool:
        """Whether somebody is more accurate than chance: else nothing can be said of accuracy."""
        chance = self.value("Random", "ndcg@10", "high")
        return any(self.value(name, "ndcg@10", "low") > chance for name in self.able)

    @property
    def able(self) -> list[str]:
        """The systems, but for the random one."""
        return [name for name in self.systems.index.unique("system") if name != "Random"]


def _number(frame: pd.DataFrame, row: Any, column: str) -> float:  # noqa: ANN401
    return float(frame[column][row])


def read(recorded: Mapping[str, Any]) -> Record:
    """A record as it stands in its file."""
    again = recorded["re_ranked"]
    rows = pd.DataFrame(again["rows"])
    return Record(
        pd.DataFrame(recorded["systems"]).set_index(["system", "metric"]).sort_index(),
        rows.set_index("metric") if len(rows) else rows,
        pd.DataFrame(recorded["one_more"]).set_index("system"),
        again["note"],
        {name: again[name] for name in ("method", "diversity", "low", "high")},
    )


def carries(records: Mapping[str, Record]) -> pd.DataFrame:
    """Which statement holds on which set: one row a statement, True, False or None (cannot be told)."""
    return pd.DataFrame(
        {name: [holds(record) for holds in STATEMENTS.values()] for name, record in records.items()},
        index=list(STATEMENTS),
        dtype=object,
    )


def _identities_say_nothing(record: Record) -> Holds:
    return all(abs(record.value(name, "mutual_information", "excess")) < NEAR_NOUGHT for name in record.able)


def _meaning_tells_people_apart(record: Record) -> Holds:
    return record.value(READER, "chi", "excess") > NEAR_NOUGHT


def _reader_is_most_accurate(record: Record) -> Holds:
    if not record.told:
        return None
    others = [record.value(name, "ndcg@10") for name in record.able if name != READER]
    return record.value(READER, "ndcg@10") > max(others)


def _reader_is_narrower_than_chance(record: Record) -> Holds:
    return record.value(READER, "alpha", "high") < record.value("Random", "alpha", "low")


def _untaught_text_is_narrowest(record: Record) -> Holds:
    alphas = {name: record.value(name, "alpha") for name in record.able}
    return min(alphas, key=lambda name: alphas[name]) == "Text (mean)"


def _popularity_has_least_variety(record: Record) -> Holds:
    gammas = {name: record.value(name, "gamma") for name in record.able}
    return min(gammas, key=lambda name: gammas[name]) == "Popularity"


def _coverage_orders_as_gamma(record: Record) -> Holds:
    by = [sorted(record.able, key=lambda name: record.value(name, metric)) for metric in ("item_coverage", "gamma")]
    return by[0] == by[1]


def _re_ranking_widens_lists(record: Record) -> Holds:
    return None if record.re_ranked.empty else record.change("alpha", "low") > 0


def _re_ranking_costs_nothing_sure(record: Record) -> Holds:
    return record.change("ndcg@10", "high") >= 0 if record.told and not record.re_ranked.empty else None


def _re_ranking_makes_people_alike(record: Record) -> Holds:
    return None if record.re_ranked.empty else record.change("chi_excess", "high") < 0


def _one_more_moves_text_most(record: Record) -> Holds:
    readers, counters = (
        [record.answer(name, "moved") for name in names] for names in ((READER, "Text (mean)"), ("Item kNN", "ALS"))
    )
    return min(readers) > max(counters)


def _one_more_pays(record: Record) -> Holds:
    return record.answer(READER, "low") > 0 if record.told else None


STATEMENTS: dict[str, Callable[[Record], Holds]] = {
    f"Mutual information of identities, chance taken out, is nothing (below {NEAR_NOUGHT} nats) for every system": (
        _identities_say_nothing
    ),
    f"Read by meaning, the Text Transformer's lists differ between people beyond chance (by over {NEAR_NOUGHT} nats)": (
        _meaning_tells_people_apart
    ),
    "The Text Transformer is the most accurate": _reader_is_most_accurate,
    "Its lists are less varied than random ones": _reader_is_narrower_than_chance,
    "Untaught text has the least varied lists of all": _untaught_text_is_narrowest,
    "Popularity shows the fewest different things over all lists": _popularity_has_least_variety,
    "Coverage by identity puts the systems in the order of gamma": _coverage_orders_as_gamma,
    "Re-ranking, tuned to cost 5 % of nDCG on validation, widens lists for sure": _re_ranking_widens_lists,
    "and costs nothing that could be measured on the test": _re_ranking_costs_nothing_sure,
    "but makes lists of different people more alike for sure (χ beyond chance falls)": _re_ranking_makes_people_alike,
    "One more action moves both readers of text further than item kNN and ALS": _one_more_moves_text_most,
    "and brings the Text Transformer accuracy for sure": _one_more_pays,
}
