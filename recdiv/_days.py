"""When items came out, in days."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv._columns import require_columns
from recdiv.tables import Catalog

_TOO_MANY = 1e7  # days are 27,000 years; seconds since 1970 passed it in April of that year, and 20210301 is no day


def days_of(catalog: Catalog) -> npt.NDArray[np.float64]:
    """When each item came out, in days; dates count from the first of them, numbers stay as they are.

    Raises:
        ValueError: if ``timestamp`` holds neither dates nor numbers, as text does that was not read as dates; or
            numbers too large to be days, as seconds since 1970 are.

    >>> stamps = pd.to_datetime(["2021-03-01 00:00", "2021-03-02 12:00"])
    >>> days_of(Catalog(pd.DataFrame({"item_id": [1, 2], "timestamp": stamps}))).tolist()
    [0.0, 1.5]
    """
    require_columns(catalog.frame, "catalog", ["timestamp"])
    stamp = catalog.frame["timestamp"]
    if stamp.dtype.kind == "M":
        stamp = (stamp - stamp.min()).dt.total_seconds() / 86_400
    elif not pd.api.types.is_numeric_dtype(stamp):
        raise ValueError(f"catalog: timestamp must hold dates or numbers of days, got {stamp.iloc[0]!r}")
    elif stamp.abs().max() >= _TOO_MANY:
        raise ValueError(
            f"catalog: timestamp must hold dates or numbers of days, got {stamp.abs().max():.0f}, which is "
            "27,000 years or more; seconds since 1970 become dates by pd.to_datetime(timestamp, unit='s')"
        )
    return np.asarray(stamp, dtype=np.float64)
