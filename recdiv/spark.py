"""Lists in a Spark DataFrame: each partition adds up its own, and only the sums travel to the driver.

``pip install "recdiv[spark]"``; Spark itself needs Java.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from recdiv._extras import require
from recdiv.evaluation import Tally
from recdiv.files._formats import Columns, FormatName, named_columns
from recdiv.files._lists import Reading, lists_of, whole_lists

if TYPE_CHECKING:
    from recdiv.evaluation import Report
    from recdiv.kernels import Kernel
    from recdiv.tables import Catalog, Interactions

_SCHEMA = "group int, family string, key string, dtype string, shape array<long>, data binary"


def evaluate(
    frame: Any,  # noqa: ANN401
    catalog: Catalog,
    *,
    format: FormatName = "auto",
    user: str | None = None,
    item: str | None = None,
    rank: str | None = None,
    score: str | None = None,
    time: str | None = None,
    unknown: Literal["raise", "count"] = "raise",
    repeats: Literal["raise", "keep"] = "raise",
    partitions: int | None = None,
    train: Interactions | None = None,
    test: Interactions | None = None,
    kernel: Kernel | None = None,
    metrics: Literal["default"] | Iterable[str] = "default",
    confidence: float | None = 0.95,
) -> Report:
    """Measure the lists of a Spark DataFrame where they lie.

    Args:
        frame: a ``pyspark.sql.DataFrame``, one row a recommended item.
        catalog: the items; it travels to every worker, as do ``train``, ``test`` and ``kernel``.
        format, user, item, rank, score, time, unknown, repeats: as for :func:`recdiv.read_recommendations`. Without a
            rank or a score there is no order of rows in Spark, so one of them is needed.
        partitions: into how many parts users are dealt; by default as Spark deals a shuffle.
        train, test, kernel, metrics, confidence: as for :func:`recdiv.evaluate`.

    Returns:
        The report that :func:`recdiv.evaluation.stream` gives. What reaches the driver is, for each of 20 groups of
        users, a vector of the items or a d×d matrix, however many rows there are.

    Raises:
        ValueError: for a column that is absent, neither a rank nor a score, or what :func:`recdiv.evaluation.stream`
            refuses. What is wrong with the rows themselves Spark reports as the error of a task.
        ImportError: if pyspark is not installed.
    """
    reading = _reading(frame, catalog, format, Columns(user or "", item or "", score, rank), time, unknown, repeats)
    from pyspark.sql import functions as sql

    given: dict[str, Any] = {"train": train, "test": test, "kernel": kernel, "metrics": metrics}
    if not isinstance(metrics, str):
        given["metrics"] = list(metrics)
    keys = [sql.col(f"`{name}`") for name in reading.keys]
    named = frame.select(*(sql.col(f"`{name}`") for name in reading.needed))
    longest = named.groupBy(*keys).count().agg(sql.max("count")).first()[0]
    total = Tally(catalog, slots=int(longest or 1), **given)
    by_user = (sql.col(f"`{reading.names.user}`"),)
    dealt = named.repartition(*([partitions] if partitions else []), *by_user).sortWithinPartitions(*keys)
    sums = dealt.mapInArrow(_Partition(reading, total.slots, given), _SCHEMA)
    merged = sums.repartition(sql.col("group")).mapInArrow(_merged, _SCHEMA)  # the driver gets each sum once
    for row in merged.collect():
        total.add_numbers(row["group"], row["family"], row["key"], _values(row))
    return total.report(confidence=confidence)


class _Partition:
    """What a worker does with its rows: a tally, whose sums it hands back."""

    def __init__(self, reading: Reading, slots: int, given: dict[str, Any]) -> None:
        self.reading, self.slots, self.given = reading, slots, given

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        tally = Tally(self.reading.catalog, slots=self.slots, **self.given)
        for table in whole_lists(batches, self.reading):
            tally.add(lists_of(table, self.reading))
        for group, family, key, values in tally.numbers():
            yield _record((group, family, key), values)


def _merged(batches: Iterator[Any]) -> Iterator[Any]:
    """What a worker does with the sums of some groups that all partitions hand over: add them up."""
    total: dict[tuple[int, str, str], npt.NDArray[Any]] = {}
    for batch in batches:
        for row in batch.to_pylist():
            key = row["group"], row["family"], row["key"]
            total[key] = total[key] + _values(row) if key in total else _values(row)
    for key, values in total.items():
        yield _record(key, values)


def _values(row: Any) -> npt.NDArray[Any]:  # noqa: ANN401
    return np.frombuffer(bytes(row["data"]), dtype=row["dtype"]).reshape(row["shape"])


def _record(key: tuple[int, str, str], values: npt.NDArray[Any]) -> Any:  # noqa: ANN401
    """One sum as a row that Spark can carry."""
    arrow = require("pyarrow", "spark")
    told = [*key, values.dtype.str, list(values.shape), values.tobytes()]
    text = arrow.string()
    kinds = [arrow.int32(), text, text, text, arrow.list_(arrow.int64()), arrow.binary()]
    columns = [arrow.array([each], kind) for each, kind in zip(told, kinds, strict=True)]
    return arrow.RecordBatch.from_arrays(columns, names=["group", "family", "key", "dtype", "shape", "data"])


def _reading(
    frame: Any,  # noqa: ANN401
    catalog: Catalog,
    form: FormatName,
    given: Columns,
    time: str | None,
    unknown: Literal["raise", "count"],
    repeats: Literal["raise", "keep"],
) -> Reading:
    require("pyspark", "spark")
    if not hasattr(frame, "mapInArrow"):
        raise TypeError(f"frame must be a pyspark.sql.DataFrame, got {type(frame).__name__}")
    names = named_columns(frame.columns, form, given, time, "frame")
    if names.rank is None and names.score is None:
        raise ValueError("frame must have a rank or a score, for rows have no order in Spark, got neither")
    return Reading("frame", catalog, names, time, unknown, repeats, "native")
