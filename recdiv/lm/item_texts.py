"""What a causal model reads of each item."""

from __future__ import annotations

from recdiv._columns import require_columns
from recdiv.tables import Catalog

ALL = "all"  # title and text


def item_texts(catalog: Catalog, read: str) -> list[str]:
    """One text an item: a column of the catalogue, or with ``"all"`` its title and text; "" where there is none.

    Raises:
        ValueError: if the catalogue has no such column.

    >>> import pandas as pd
    >>> item_texts(Catalog(pd.DataFrame({"item_id": [1, 2], "title": [" Tea ", None]})), "title")
    ['Tea', '']
    """
    if read == ALL:
        return catalog.texts()
    require_columns(catalog.frame, "catalog", [read])
    column = catalog.frame[read]
    return [str(value).strip() if there else "" for value, there in zip(column, column.notna(), strict=True)]
