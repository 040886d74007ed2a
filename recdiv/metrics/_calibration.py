"""Label distributions of lists beside those of histories."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from recdiv._spectra import merged
from recdiv.metrics._attributes import column_labels
from recdiv.metrics._categories import Labels, label_shares
from recdiv.metrics._discount import slot_weights
from recdiv.metrics._histories import UNDEFINED as PAST
from recdiv.metrics._histories import Measure
from recdiv.metrics._shared import Shared, labels_for
from recdiv.tables import Catalog, Recommendations

UNDEFINED = f"{PAST}; so with missing=out where the list or the history has no label"
Divergence = Callable[[Tensor, Tensor], Tensor]  # shares of the history and of the list, both [n, M] -> [n]


def labels_by(catalog: Catalog, by: str, missing: str, shared: Shared | None) -> Labels:
    """Labels in a column of the catalogue, those of ``category`` read once a report."""
    if by == "category" and missing in ("own", "same"):
        return labels_for(catalog, missing, shared)
    return column_labels(catalog, by, missing)


def compared(labels: Labels, divergence: Divergence, *, discount: str = "none") -> Callable[[Recommendations], Measure]:
    """From lists to the divergence of their label shares from those of the history; NaN where either has no label."""

    def measure_of(recs: Recommendations) -> Measure:
        weights = slot_weights(discount, recs.k, device=recs.device)

        def measure(lists: Tensor, history: Tensor) -> Tensor:
            before, p = label_shares(Recommendations(history), labels)
            now, q = label_shares(Recommendations(recs.items[lists]), labels, weights)
            things = torch.cat([before, now], 1)
            known = merged(things, torch.cat([p, torch.zeros_like(q)], 1))
            shown = merged(things, torch.cat([torch.zeros_like(p), q], 1))
            both = (p.sum(1) > 0) & (q.sum(1) > 0)
            return torch.where(both, divergence(known, shown), torch.nan)

        return measure

    return measure_of
