"""Label distributions of lists beside those of histories."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from recdiv._spectra import merged
from recdiv.metrics._categories import Labels, label_shares
from recdiv.metrics._histories import Measure
from recdiv.tables import Recommendations

Divergence = Callable[[Tensor, Tensor], Tensor]  # shares of the history and of the list, both [n, M] -> [n]


def compared(labels: Labels, divergence: Divergence) -> Callable[[Recommendations], Measure]:
    """From lists to the divergence of their label shares from those of the history."""

    def measure_of(recs: Recommendations) -> Measure:
        def measure(lists: Tensor, history: Tensor) -> Tensor:
            before, p = label_shares(Recommendations(history), labels)
            now, q = label_shares(Recommendations(recs.items[lists]), labels)
            things = torch.cat([before, now], 1)
            known = merged(things, torch.cat([p, torch.zeros_like(q)], 1))
            shown = merged(things, torch.cat([torch.zeros_like(p), q], 1))
            return divergence(known, shown)

        return measure

    return measure_of
