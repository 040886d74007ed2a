"""Lists, items and events from files and from what other libraries hand over: checked, refused in one sentence.

Identifiers agree across files: 7, "7" and 7.0 are the same item, whichever file was written by a spreadsheet.
"""

from __future__ import annotations

from recdiv.files._batches import Batches, parquet_rows, read_batches
from recdiv.files._formats import FORMATS
from recdiv.files._read import read_catalog, read_interactions, read_recommendations, read_vectors

__all__ = [
    "FORMATS",
    "Batches",
    "parquet_rows",
    "read_batches",
    "read_catalog",
    "read_interactions",
    "read_recommendations",
    "read_vectors",
]
